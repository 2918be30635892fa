//! Completes paths of folders as they are typed.

use std::path::Path;

/// The path with what all folders that begin like it have in common.
pub(super) fn completed(text: &str) -> Option<String> {
    let (folder, begun) = split(text);
    let mut names = folders_in(folder);
    names.retain(|name| name.starts_with(begun) && (!begun.is_empty() || !name.starts_with('.')));
    let (first, last) = (names.first()?, names.last()?);
    let common: String = first.chars().zip(last.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    let ending = if names.len() == 1 { "/" } else { "" };
    Some(format!("{folder}{common}{ending}"))
}

/// The folder that is typed already, with its slash, and what is typed of a name in it.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.rfind('/').map_or(("", text), |slash| text.split_at(slash + 1))
}

/// Names of the folders in a folder, in order.
pub(super) fn folders_in(folder: &str) -> Vec<String> {
    let read = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let entries = std::fs::read_dir(read).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_completed_as_far_as_they_are_alike() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["alpha", "alpine", "beta", ".hidden"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("beta.txt"), "").unwrap();
        let root = folder.path().to_str().unwrap();
        let complete =
            |typed: &str| completed(&format!("{root}/{typed}")).map(|text| text[root.len() + 1..].to_owned());
        assert_eq!(complete("a").unwrap(), "alp");
        assert_eq!(complete("alph").unwrap(), "alpha/");
        assert_eq!(complete("b").unwrap(), "beta/");
        assert_eq!(complete(".").unwrap(), ".hidden/");
        assert_eq!(complete("x"), None);
    }
}
