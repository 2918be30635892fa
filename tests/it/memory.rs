//! Memory does not grow with the number of pictures.

use crate::support::{Classify, Workspace};
