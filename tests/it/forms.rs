//! Every form of a picture, against what Pillow decodes: its size, its pixels to the last bit, and whether it is whole.
//! The files are made by tests/data/make_forms.py.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use smart_image_sorter::files::decode::decode;
use smart_image_sorter::files::kind::Kind;

use crate::support::sha256;

/// What Pillow says of a file.
#[derive(Debug, Deserialize)]
struct Form {
    state: String,
    width: Option<u32>,
    height: Option<u32>,
    rgb_sha256: Option<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/decode")
}

/// A suspect file whose scans are cut, or have noughts at their end, has the pixels of libjpeg. Behind a code that is
/// none it makes something up, and we do not. Of a PNG whose data do not add up, Pillow leaves out the last row.
fn pixels_matter(name: &str) -> bool {
    let others = ["suspect-luma-chroma-cut", "no-code", "suspect-progressive-hole", "suspect-adler"];
    !others.iter().any(|part| name.contains(part))
}

#[test]
fn every_form_is_decoded_as_the_reference_decodes_it() {
    let forms = std::fs::read_to_string(folder().join("forms.json")).unwrap();
    let forms: BTreeMap<String, Form> = serde_json::from_str(&forms).unwrap();
    assert!(forms.len() >= 150, "{}", forms.len());
    let mut wrong = Vec::new();
    for (name, form) in &forms {
        let path = folder().join(name);
        let bytes = std::fs::read(&path).unwrap();
        let (state, pixels) = match decode(&bytes, Kind::of(&bytes, &path)) {
            Ok(decoded) if decoded.is_whole => ("ok", Some(decoded.pixels)),
            Ok(decoded) => ("suspect", Some(decoded.pixels)),
            Err(trouble) => (trouble.state().word(), None),
        };
        if state != form.state {
            wrong.push(format!("{name} is {state}, not {}", form.state));
        }
        let size = pixels.as_ref().map(|pixels| (Some(pixels.width()), Some(pixels.height())));
        let hash = pixels.as_ref().map(|pixels| sha256(pixels.as_raw()));
        let is_decoded = form.rgb_sha256.is_some() && pixels_matter(name);
        if is_decoded && (size != Some((form.width, form.height)) || hash != form.rgb_sha256) {
            wrong.push(format!("{name} has other pixels"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), forms.len(), wrong.join("\n"));
}
