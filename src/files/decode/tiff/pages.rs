//! Whether the pages after the first are all in the file: one that was cut off has lost the last of them first.

use super::directory::{Directory, Missing, tag};

/// Strips, tiles and pages that are looked at. No scanner's file has more.
const MOST: usize = 4_000_000;

/// True where every page and every strip or tile begins in the file.
pub(super) fn are_whole(first: &Directory<'_>) -> bool {
    let (mut page, mut seen) = (*first, 0);
    while seen < MOST {
        page = match page.following() {
            Ok(next) => next,
            Err(Missing::BeyondTheEnd) => return false,
            Err(Missing::None) => return true,
        };
        let lists = [tag::STRIP_OFFSETS, tag::TILE_OFFSETS].into_iter().filter_map(|tag| page.list(tag));
        for offset in lists.flat_map(|list| list.numbers()).take(MOST) {
            seen += 1;
            if offset >= page.bytes.len() as u64 {
                return false;
            }
        }
        seen += 1;
    }
    true
}
