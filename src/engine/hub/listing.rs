//! The hub's listing of a model: its commit, its files with sizes and hashes. A path that leads out of the cache folder
//! and a size that would fill the memory are refused.

use serde::Deserialize;

use super::hash::Hash;

/// The most files that a listing may name. The largest repositories of the kind have some dozens.
const MOST_FILES: usize = 10_000;

/// The most bytes of a listing. One of the most files that are taken has less than half of it.
pub(super) const LARGEST: u64 = 10_000_000;

/// A published file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedFile {
    /// Its path in the repository, parts divided by `/`.
    pub(super) name: String,
    /// In bytes.
    pub(super) size: u64,
    pub(super) hash: Hash,
}

/// The files of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// The commit: 40 hexadecimal digits.
    pub(super) commit: String,
    /// The library that the model is made for, as the hub says: `transformers`, `open_clip`; empty where it does not.
    pub(super) library: String,
    pub(super) files: Vec<ListedFile>,
}

/// As `/api/models/ID/revision/REVISION?blobs=true` answers; what is not needed is passed over unread.
#[derive(Deserialize)]
pub(super) struct Answered {
    sha: String,
    library_name: Option<String>,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: String,
    size: u64,
}

impl Listing {
    /// Checks what was answered. The error says what is not credible.
    pub(super) fn checked(answered: Answered) -> Result<Listing, String> {
        if !is_hexadecimal(&answered.sha, 40) {
            return Err(format!("commit {}", answered.sha));
        }
        if answered.siblings.len() > MOST_FILES {
            return Err(format!("{} files", answered.siblings.len()));
        }
        let files = answered.siblings.into_iter().map(checked_file).collect::<Result<Vec<_>, String>>()?;
        let library = answered.library_name.unwrap_or_default();
        Ok(Listing { commit: answered.sha, library, files })
    }

    /// The file of a name.
    pub(super) fn file(&self, name: &str) -> Option<&ListedFile> {
        self.files.iter().find(|file| file.name == name)
    }
}

fn checked_file(sibling: Sibling) -> Result<ListedFile, String> {
    let name = sibling.rfilename;
    if !is_safe_path(&name) {
        return Err(format!("a file named {name}"));
    }
    let (hash, size) = match (sibling.lfs, sibling.blob_id) {
        (Some(lfs), _) if is_hexadecimal(&lfs.sha256, 64) => (Hash::Sha256(lfs.sha256), Some(lfs.size)),
        (None, Some(blob)) if is_hexadecimal(&blob, 40) => (Hash::Git(blob), sibling.size),
        _ => return Err(format!("no hash of {name}")),
    };
    match size {
        Some(size) => Ok(ListedFile { name, size, hash }),
        None => Err(format!("no size of {name}")),
    }
}

/// True for a path that stays in the folder that it is joined to, on any system, and can be shown as it is.
pub(super) fn is_safe_path(path: &str) -> bool {
    let is_bad = |c: char| c == '\\' || c == ':' || crate::domain::printable::is_disturbing(c);
    path.len() <= 1024
        && !path.contains(is_bad)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && part.len() <= 255)
}

pub(super) fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: &str) -> Result<Listing, String> {
        Listing::checked(serde_json::from_str(json).unwrap())
    }

    fn of_one_file(file: &str) -> String {
        format!(
            r#"{{"sha": "{}", "library_name": "transformers", "other": [1], "siblings": [{file}]}}"#,
            "a".repeat(40)
        )
    }

    #[test]
    fn listed_file_has_sha_256_if_large_and_a_git_hash_if_small() {
        let (sha256, sha1) = ("b".repeat(64), "c".repeat(40));
        let large = format!(
            r#"{{"rfilename": "onnx/x.onnx", "size": 7, "blobId": "{sha1}", "lfs": {{"sha256": "{sha256}", "size": 7, "pointerSize": 130}}}}"#
        );
        let listing = checked(&of_one_file(&large)).unwrap();
        assert_eq!(listing.file("onnx/x.onnx").unwrap().hash, Hash::Sha256(sha256));
        let small = format!(r#"{{"rfilename": "x", "size": 7, "blobId": "{sha1}", "lfs": null}}"#);
        assert_eq!(checked(&of_one_file(&small)).unwrap().file("x").unwrap().hash, Hash::Git(sha1));
    }

    proptest::proptest! {
        #[test]
        fn accepted_path_never_leaves_its_folder(path in r"[a./\\\\: \n\u{0}\u{202e}-]{0,12}") {
            if is_safe_path(&path) {
                let joined = std::path::Path::new("/cache").join(&path);
                let parts = joined.components().collect::<Vec<_>>();
                assert!(parts.len() > 2 && parts.iter().skip(1).all(|part| matches!(part, std::path::Component::Normal(_))));
                assert!(joined.starts_with("/cache"), "{path}");
            }
        }
    }

    #[test]
    fn listing_that_is_not_credible_is_refused() {
        let sha1 = "c".repeat(40);
        for name in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "a\\\\..\\\\x",
            "C:x",
            "",
            ".",
            "a/",
            "x\\u0000",
            "x\\n",
            "x\\u202ey",
        ] {
            let file = format!(r#"{{"rfilename": "{name}", "size": 1, "blobId": "{sha1}"}}"#);
            assert!(checked(&of_one_file(&file)).is_err(), "{name}");
        }
        for file in [
            r#"{"rfilename": "x", "size": 1}"#.to_owned(),
            r#"{"rfilename": "x", "size": 1, "blobId": "../../x"}"#.to_owned(),
            format!(r#"{{"rfilename": "x", "blobId": "{sha1}"}}"#),
            format!(r#"{{"rfilename": "x", "size": 1, "blobId": "{sha1}", "lfs": {{"sha256": "short", "size": 1}}}}"#),
        ] {
            assert!(checked(&of_one_file(&file)).is_err(), "{file}");
        }
        assert!(checked(r#"{"sha": "../../x", "siblings": []}"#).is_err());
        let file = format!(r#"{{"rfilename": "x", "size": 1, "blobId": "{sha1}"}}"#);
        let many = vec![file; MOST_FILES + 1].join(",");
        assert!(checked(&of_one_file(&many)).is_err());
    }
}
