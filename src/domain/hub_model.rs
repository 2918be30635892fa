//! Names of models on the hub: `owner/name`, or `owner/name@revision`.

use std::fmt;

/// The longest identifier, as the hub counts.
const LONGEST: usize = 96;

/// The revision that is meant where none is given: the head of the main branch.
pub const MAIN: &str = "main";

/// A published model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HubModel {
    /// Owner and name: `openai/clip-vit-large-patch14`.
    pub id: String,
    /// A branch, a tag or a commit; the main branch where not given.
    pub revision: Option<String>,
}

impl HubModel {
    /// Reads `owner/name` or `owner/name@revision`. Nothing else is one: neither a path, nor a name that the hub would
    /// not give, as huggingface_hub's `validate_repo_id` has it.
    pub fn parse(text: &str) -> Option<HubModel> {
        let (id, revision) = match text.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (text, None),
        };
        let (owner, name) = id.split_once('/')?;
        let is_one = is_part(owner) && is_part(name) && id.len() <= LONGEST && revision.is_none_or(is_revision);
        is_one.then(|| HubModel { id: id.to_owned(), revision: revision.map(str::to_owned) })
    }

    /// The revision to ask for.
    pub fn revision_or_main(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }
}

impl fmt::Display for HubModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.revision {
            Some(revision) => write!(f, "{}@{revision}", self.id),
            None => f.write_str(&self.id),
        }
    }
}

/// True for an owner or a name. One dash may follow another in neither: two stand between the parts of a folder's name
/// in the cache.
fn is_part(part: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_alphanumeric() || c == '_';
    part.starts_with(is_edge)
        && part.ends_with(is_edge)
        && part.chars().all(|c| is_edge(c) || c == '-' || c == '.')
        && ["--", ".."].iter().all(|twice| !part.contains(twice))
        && !part.ends_with(".git")
}

/// True for what git takes for the name of a branch, a tag or a commit (git-check-ref-format). It becomes a path in the
/// cache, and none that leads out of it.
fn is_revision(revision: &str) -> bool {
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\@".contains(c);
    revision.len() <= 255
        && !revision.contains(is_bad)
        && !revision.contains("..")
        && revision
            .split('/')
            .all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.ends_with(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hub_names_are_told_from_paths_and_nonsense() {
        for text in [
            "openai/clip-vit-large-patch14",
            "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
            "OFA-Sys/chinese-clip-vit-base-patch16@main",
            "geolocal/StreetCLIP@refs/pr/1",
            "a/b@0123456789abcdef0123456789abcdef01234567",
            "a/b@v1.0",
        ] {
            assert_eq!(HubModel::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(HubModel::parse("a/b").unwrap().revision_or_main(), "main");
        assert_eq!(HubModel::parse("a/b@x").unwrap().revision_or_main(), "x");
        for text in [
            "",
            "clip",
            "/clip",
            "openai/",
            "./a/b",
            "a/b/c",
            "~/b",
            "../b",
            "a/..",
            "a/.b",
            "a/b.git",
            "a--b/c",
            "a/b c",
            "a/b@",
            "a/b@../../x",
            "a/b@/x",
            "a/b@x//y",
            "a/b@x\n",
            "a/b@x.lock",
            "a/b@.x",
            "a/é",
            "a\\b/c",
            "a/b@x@y",
        ] {
            assert_eq!(HubModel::parse(text), None, "{text:?}");
        }
        assert_eq!(HubModel::parse(&format!("a/{}", "b".repeat(95))), None);
    }
}
