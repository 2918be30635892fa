//! Hands a picture to a program outside, or says where it lies.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::preview_loader::content_of;
use super::{NotShown, PictureLocation};

/// A picture that could not be handed to a program outside.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The picture is not there to be shown.
    #[error("the picture is not there")]
    NotShown(#[source] NotShown),
    /// The program did not start.
    #[error("{program} cannot be started")]
    NotStarted {
        /// Its name.
        program: String,
        /// The system's error.
        #[source]
        error: std::io::Error,
    },
}

/// Programs that were started; those that have ended are forgotten.
#[derive(Default)]
pub(super) struct Outside(Vec<Child>);

impl Outside {
    /// Finds the file with the picture's content and gives it to a program, as its last argument. Without a program it
    /// only says where the file is. The program goes its own way: nothing that it says is heard, and the end of the app
    /// does not end it.
    pub(super) fn open(&mut self, sight: &PictureLocation, viewer: Option<&[String]>) -> Result<PathBuf, OutsideError> {
        self.0.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let path = match content_of(sight) {
            Ok((_, path)) => path,
            // A file that this program could not read may be one for a program that reads more formats.
            Err(NotShown::NeverRead | NotShown::Defect(_)) => sight.path.as_path(),
            Err(why) => return Err(OutsideError::NotShown(why)),
        };
        // An absolute path is never taken for an option.
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        if let Some([program, words @ ..]) = viewer {
            let mut command = Command::new(program);
            command.args(words).arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let started = command.process_group(0).spawn();
            self.0.push(started.map_err(|error| OutsideError::NotStarted { program: program.clone(), error })?);
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::files::read::hash_file;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_program_is_given_the_file_with_the_content_as_one_argument() {
        let folder = tempfile::tempdir().unwrap();
        // No shell has a part in it: a name is a name.
        let (path, copy) = (folder.path().join("gone.png"), folder.path().join("$(touch x) ;'\" 1.png"));
        image::RgbImage::new(3, 2).save(&copy).unwrap();
        let sight = PictureLocation { path, others: vec![copy.clone()], hash: hash_file(&copy).ok() };
        let told = folder.path().join("told");
        let script = format!("printf '%s|' \"$#\" \"$@\" > '{}.new'; mv '{0}.new' '{0}'", told.display());
        let mut outside = Outside::default();
        let opened = outside.open(&sight, Some(&words(&["sh", "-c", &script, "name", "first"])));
        assert_eq!(opened.unwrap(), copy);
        let began = Instant::now();
        while !told.exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "it was not started");
            std::thread::yield_now();
        }
        let said = std::fs::read_to_string(&told).unwrap();
        assert_eq!(said, format!("2|first|{}|", copy.display()));
        assert!(!folder.path().join("x").exists());
        // Without a program only the place is said.
        assert_eq!(outside.open(&sight, None).unwrap(), copy);
    }

    #[test]
    fn what_is_gone_or_another_is_not_handed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.png");
        image::RgbImage::new(3, 2).save(&path).unwrap();
        let sight = PictureLocation { path: path.clone(), others: vec![], hash: hash_file(&path).ok() };
        let mut outside = Outside::default();
        let missing = outside.open(&sight, Some(&words(&["/no/such/program"]))).unwrap_err();
        assert!(matches!(missing, OutsideError::NotStarted { .. }), "{missing:?}");
        image::RgbImage::new(5, 2).save(&path).unwrap();
        let other = outside.open(&sight, Some(&words(&["true"]))).unwrap_err();
        assert!(matches!(other, OutsideError::NotShown(NotShown::OtherContent)), "{other:?}");
        std::fs::remove_file(&path).unwrap();
        let gone = outside.open(&sight, None).unwrap_err();
        assert!(matches!(gone, OutsideError::NotShown(NotShown::Gone)), "{gone:?}");
    }
}
