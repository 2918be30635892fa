//! Which file goes where: target names for a whole batch, made before anything is touched.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use super::folder_name::fold;
use super::picture::{ContentHash, FileStamp, Picture, PictureState};
use super::score::SureRule;

/// The longest file name that common file systems take, in bytes.
const LONGEST_FILE_NAME: usize = 255;

/// One file and the place it is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTransfer {
    /// The picture's position among the pictures that were planned.
    pub picture: usize,
    /// The file.
    pub source: PathBuf,
    /// Its content when it was classified.
    pub hash: ContentHash,
    /// The file as it was when classified.
    pub stamp: FileStamp,
    /// Folder in the destination.
    pub folder: String,
    /// Name in that folder.
    pub file_name: OsString,
}

/// Plans the transfer of every sure, whole picture into its label's folder. `folders` has one name a label.
///
/// Two pictures of one name and different content get different names, under the rules of file systems that ignore
/// case and Unicode form too; two of one name and the same content share one, and the second will be found to be
/// there already.
pub fn plan<'p>(
    pictures: impl IntoIterator<Item = &'p Picture>,
    folders: &[String],
    sure: SureRule,
) -> Vec<PlannedTransfer> {
    let mut reserved = Reserved::default();
    let mut transfers = Vec::new();
    for (position, picture) in pictures.into_iter().enumerate() {
        let (Some(hash), Some(stamp), Some(folder)) = (picture.hash, picture.stamp, folder_of(picture, folders, sure))
        else {
            continue;
        };
        let file_name = reserved.reserve(folder, picture.file_name(), hash);
        let source = picture.path.clone();
        transfers.push(PlannedTransfer {
            picture: position,
            source,
            hash,
            stamp,
            folder: folder.to_owned(),
            file_name,
        });
    }
    transfers
}

fn folder_of<'f>(picture: &Picture, folders: &'f [String], sure: SureRule) -> Option<&'f str> {
    let prediction = picture.prediction.as_ref().filter(|prediction| sure.is_sure(prediction))?;
    (picture.state == PictureState::Ok).then(|| folders.get(prediction.label).map(String::as_str))?
}

/// Target names given out so far, by folder and folded name.
#[derive(Default)]
struct Reserved(HashMap<(String, Vec<u8>), ContentHash>);

impl Reserved {
    fn reserve(&mut self, folder: &str, name: &OsStr, hash: ContentHash) -> OsString {
        let free = name_candidates(name, hash).find(|candidate| {
            let key = (folder.to_owned(), folded_bytes(candidate));
            *self.0.entry(key).or_insert(hash) == hash
        });
        // The last candidate holds the whole hash: what has it has the same content.
        free.unwrap_or_else(|| name.to_owned())
    }
}

fn folded_bytes(name: &OsStr) -> Vec<u8> {
    match name.to_str() {
        Some(text) => fold(text).into_bytes(),
        None => name.as_bytes().to_owned(),
    }
}

/// Names for a file, in the order they are tried: its own, then with 8, 16 and all 64 digits of its hash.
pub fn name_candidates(name: &OsStr, hash: ContentHash) -> impl Iterator<Item = OsString> {
    let digits = hash.to_string();
    let suffixed = [8, 16, 64].map(|count| suffixed_name(name, &digits[..count]));
    std::iter::once(name.to_owned()).chain(suffixed)
}

/// `name.ext` as `name~suffix.ext`, the stem cut where the whole would be longer than a file name may be.
fn suffixed_name(name: &OsStr, suffix: &str) -> OsString {
    let bytes = name.as_bytes();
    let dot = bytes.iter().rposition(|b| *b == b'.').filter(|dot| *dot > 0 && bytes.len() - dot <= 16);
    let (stem, extension) = bytes.split_at(dot.unwrap_or(bytes.len()));
    let room = LONGEST_FILE_NAME.saturating_sub(1 + suffix.len() + extension.len());
    let stem = cut_between_characters(stem, room);
    OsString::from_vec([stem, b"~", suffix.as_bytes(), extension].concat())
}

/// The longest start of at most `room` bytes that does not split a UTF-8 character.
fn cut_between_characters(bytes: &[u8], room: usize) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Ok(text) => &bytes[..text.floor_char_boundary(room)],
        Err(_) => &bytes[..room.min(bytes.len())],
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::Prediction;
    use super::*;

    const EVERYTHING: SureRule = SureRule { threshold: 0.0, margin: 0.0 };

    fn picture(path: &str, content: u8, label: usize) -> Picture {
        Picture {
            path: path.into(),
            hash: Some(ContentHash([content; 32])),
            stamp: Some(FileStamp { device: 1, inode: 1, size: 1, modified_ns: 0 }),
            state: PictureState::Ok,
            prediction: Some(Prediction { label, score: 0.6, margin: 0.2, scores: [0.6, 0.4].into() }),
        }
    }

    fn names(pictures: &[Picture]) -> Vec<String> {
        let planned = plan(pictures, &["a".to_owned(), "b".to_owned()], EVERYTHING);
        planned.iter().map(|t| format!("{}/{}", t.folder, t.file_name.to_str().unwrap())).collect()
    }

    #[test]
    fn one_name_twice_becomes_two_names() {
        let pictures = [
            picture("x/1.jpg", 0xaa, 0),
            picture("y/1.jpg", 0xbb, 0),
            picture("z/1.JPG", 0xcc, 0),
            picture("z/1.jpg", 0xaa, 0),
            picture("z/1.jpg", 0xdd, 1),
        ];
        assert_eq!(names(&pictures), ["a/1.jpg", "a/1~bbbbbbbb.jpg", "a/1~cccccccc.JPG", "a/1.jpg", "b/1.jpg"]);
    }

    #[test]
    fn a_name_that_looks_like_a_suffixed_one_is_not_taken_for_it() {
        let pictures = [picture("1~bbbbbbbb.jpg", 1, 0), picture("x/1.jpg", 0xaa, 0), picture("y/1.jpg", 0xbb, 0)];
        assert_eq!(names(&pictures), ["a/1~bbbbbbbb.jpg", "a/1.jpg", "a/1~bbbbbbbbbbbbbbbb.jpg"]);
    }

    #[test]
    fn only_sure_and_whole_pictures_are_planned() {
        let mut suspect = picture("1.jpg", 1, 0);
        suspect.state = PictureState::Suspect;
        let mut unread = picture("2.jpg", 2, 0);
        unread.prediction = None;
        assert!(names(&[suspect, unread]).is_empty());
        let folders = ["a".to_owned()];
        assert!(plan(&[picture("1.jpg", 1, 0)], &folders, SureRule { threshold: 0.61, margin: 0.0 }).is_empty());
        assert!(plan(&[picture("1.jpg", 1, 0)], &folders, SureRule { threshold: 0.0, margin: 0.21 }).is_empty());
    }

    #[test]
    fn suffixed_names_fit() {
        let long = OsString::from("\u{e9}".repeat(125) + ".jpeg");
        let hash = ContentHash([0xab; 32]);
        for candidate in name_candidates(&long, hash).skip(1) {
            assert!(candidate.len() <= 255 && candidate.to_str().unwrap().ends_with(".jpeg"), "{candidate:?}");
        }
        let bytes = OsStr::from_bytes(&[0xff; 255]);
        assert!(name_candidates(bytes, hash).all(|candidate| candidate.len() <= 255));
        assert_eq!(suffixed_name(OsStr::new(".hidden"), "12345678"), ".hidden~12345678");
        assert_eq!(suffixed_name(OsStr::new("a.tar.gz"), "12345678"), "a.tar~12345678.gz");
    }
}
