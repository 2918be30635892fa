//! Files of a source that were not looked at, in words.

use std::path::Path;

use super::{Language, Values};
use crate::domain::choice::{LeftOut, Why};
use crate::domain::printable::printable;

/// Files and folders that are named for each reason.
const NAMED: usize = 3;

/// A sentence for each reason for which files of a source were left out: how many, and what the first are. `how` looks at
/// hidden ones.
pub fn left_out(language: &Language, left_out: &LeftOut, source: &Path, how: &str) -> Vec<String> {
    let counts = left_out.counts();
    let sentence = |why: Why| {
        let key = match why {
            Why::Litter => "left_out.litter",
            Why::Hidden => "left_out.hidden",
            Why::Excluded => "left_out.excluded",
        };
        let paths = paths(language, left_out, source, why);
        let values: Values<'_> = &[("count", &counts.of(why)), ("paths", &paths), ("how", &how)];
        (counts.of(why) > 0).then(|| language.say(key, values))
    };
    Why::ALL.into_iter().filter_map(sentence).collect()
}

/// `a/.private (12), .x.jpg and 2 more`.
fn paths(language: &Language, left_out: &LeftOut, source: &Path, why: Why) -> String {
    let of_reason = || left_out.reasons().filter(|(_, other, _)| *other == why);
    let inside = |path: &Path| printable(path.strip_prefix(source).unwrap_or(path));
    let named = |(path, _, files): (&Path, Why, usize)| match files {
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
            some.add(path.into(), Why::Excluded);
        }
        some.add("/from/.x".into(), Why::Hidden);
        some.add("/from/.x".into(), Why::Hidden);
        let said = left_out(&Language::english(), &some, Path::new("/from"), "--hidden");
        let expected = [
            "2 hidden files were left out (--hidden looks at them): .x (2).",
            "5 files were left out by patterns: a, b, c/b and 1 more.",
        ];
        assert_eq!(said, expected);
    }
}
