//! Files of a source that were not looked at, in words.

use std::path::Path;

use super::{Language, Values};
use crate::domain::file_filter::{LeftOut, LeftOutReason};
use crate::domain::patterns::on_line;
use crate::domain::printable::printable;

/// Files and folders that are named for each reason.
const NAMED: usize = 3;

/// Where people say what is looked at.
#[derive(Debug, Clone, Copy)]
pub enum ChosenIn {
    /// On the command line.
    CommandLine,
    /// In the app.
    Setup,
}

/// A sentence for each reason for which files of a source were left out: how many, what the first are, and how they are
/// looked at.
pub fn left_out(language: &Language, left_out: &LeftOut, source: &Path, chosen_in: ChosenIn) -> Vec<String> {
    let counts = left_out.counts();
    let sentence = |why: LeftOutReason| {
        let key = match why {
            LeftOutReason::Litter => "left_out.litter",
            LeftOutReason::Hidden => "left_out.hidden",
            LeftOutReason::Excluded => "left_out.excluded",
        };
        let paths = paths(language, left_out, source, why);
        let how = match chosen_in {
            ChosenIn::CommandLine => "--hidden".to_owned(),
            ChosenIn::Setup => language.text("app.look_at_hidden"),
        };
        let values: Values<'_> = &[("count", &counts.of(why)), ("paths", &paths), ("how", &how)];
        let told = (counts.of(why) > 0).then(|| language.say(key, values))?;
        let more = (why == LeftOutReason::Litter).then(|| how_to_see_litter(language, left_out, chosen_in)).flatten();
        Some([told].into_iter().chain(more).collect::<Vec<_>>().join(" "))
    };
    LeftOutReason::ALL.into_iter().filter_map(sentence).collect()
}

/// How a part of the litter is looked at, with a pattern for it.
fn how_to_see_litter(language: &Language, left_out: &LeftOut, chosen_in: ChosenIn) -> Option<String> {
    let pattern = left_out.pattern_for_litter()?;
    let how = match chosen_in {
        ChosenIn::CommandLine => format!("--include '{pattern}'"),
        ChosenIn::Setup => language.say("app.look_at_litter", &[("pattern", &on_line([pattern.as_str()]))]),
    };
    Some(language.say("left_out.how_to_see_litter", &[("count", &left_out.counts().litter), ("how", &how)]))
}

/// `a/.private (12), .x.jpg and 2 more`.
fn paths(language: &Language, left_out: &LeftOut, source: &Path, why: LeftOutReason) -> String {
    let of_reason = || left_out.reasons().filter(|(_, other, _)| *other == why);
    let inside = |path: &Path| printable(path.strip_prefix(source).unwrap_or(path));
    let named = |(path, _, files): (&Path, LeftOutReason, usize)| match files {
        1 => inside(path),
        files => format!("{} ({files})", inside(path)),
    };
    let paths = of_reason().take(NAMED).map(named).collect::<Vec<_>>().join(", ");
    match of_reason().count() {
        all if all > NAMED => language.say("left_out.more", &[("paths", &paths), ("count", &(all - NAMED))]),
        _ => paths,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_sentence_that_counts_and_names() {
        let mut some = LeftOut::default();
        for path in ["/from/a", "/from/b", "/from/c/b", "/from/d", "/from/d"] {
            some.add(path.into(), LeftOutReason::Excluded);
        }
        some.add("/from/.x".into(), LeftOutReason::Hidden);
        some.add("/from/.x".into(), LeftOutReason::Hidden);
        let said = left_out(&Language::english(), &some, Path::new("/from"), ChosenIn::CommandLine);
        let expected = [
            "2 hidden files were left out (--hidden looks at them): .x (2).",
            "5 files were left out by patterns: a, b, c/b and 1 more.",
        ];
        assert_eq!(said, expected);
    }
    #[test]
    fn litter_is_said_with_what_looks_at_it() {
        let mut some = LeftOut::default();
        some.add("/from/._a.jpg".into(), LeftOutReason::Litter);
        let said = |some: &LeftOut, language: &Language, chosen_in| {
            left_out(language, some, Path::new("/from"), chosen_in).concat()
        };
        let (english, line) = (Language::english(), ChosenIn::CommandLine);
        assert!(said(&some, &english, line).ends_with("for themselves: ._a.jpg."), "no name brings it back");
        some.add("/from/System Volume Information".into(), LeftOutReason::Litter);
        let name = "System Volume Information";
        let expected = format!("To look at one of them too, give its name: --include '{name}'.");
        assert!(said(&some, &english, line).ends_with(&expected));
        let expected = format!("give its name: \"{name}\" in the field Only of Setup.");
        assert!(said(&some, &english, ChosenIn::Setup).ends_with(&expected));
        let portuguese = Language::all().into_iter().find(|language| language.text("app.no") != "no").unwrap();
        let expected = format!("Para ver um deles também, dê o nome: \"{name}\" no campo Só da Preparação.");
        assert!(said(&some, &portuguese, ChosenIn::Setup).ends_with(&expected));
    }
}
