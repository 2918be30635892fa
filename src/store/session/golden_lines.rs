//! Lines of the ledger that few runs write, as they always were: held against `tests/data/golden/lines.jsonl`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json};

use super::changes::tests_support::*;
