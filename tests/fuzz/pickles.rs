//! The pickle of an archive of `torch.save`, in an archive that is whole.

use smart_image_sorter::engine::weights::{Weights, WeightsError};

use super::{Answer, Fuzz, folder};
use crate::weights::{read_all, torch_save};

/// Instructions, and names that tensors need and do not need.
const WORDS: [&[u8]; 22] = [
    b"\x80\x02",
    b"\x80\x04",
    b"(",
    b")",
    b"]",
    b"}",
    b"t",
    b"a",
    b"e",
    b"s",
    b"u",
    b"Q",
    b"R",
    b"q\x00",
    b"h\x00",
    b"\x8c\x05torch",
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ctorch\nFloatStorage\n",
    b"cposix\nsystem\n",
    b"K\xff",
    b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
    b".",
];

/// The pickle in an archive of PyTorch's own, which lies before the tensors.
fn pickle_in(archive: &[u8]) -> (usize, usize) {
    let at = |needle: &[u8], from: usize| {
        from + archive[from..].windows(needle.len()).position(|window| window == needle).unwrap()
    };
    let start = at(b"\x80", at(b"data.pkl", 0));
    (start, at(b"PK", start))
}

/// An archive of stored members.
fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let (offset, size) = (archive.len() as u32, content.len() as u32);
        // Flags, method, time and sum; lengths; of the name, and of extra fields.
        let mut common = vec![0; 12];
        common.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        common.extend([(name.len() as u16).to_le_bytes(), [0; 2]].concat());
        archive.extend([b"PK\x03\x04\x14\0", &common[..]].concat());
        archive.extend(name.as_bytes());
        archive.extend(*content);
        directory.extend([b"PK\x01\x02\x14\0\x14\0", &common[..], &[0; 10], &offset.to_le_bytes()].concat());
        directory.extend(name.as_bytes());
    }
    let (start, count) = (archive.len() as u32, members.len() as u16);
    archive.extend(&directory);
    archive.extend([b"PK\x05\x06\0\0\0\0", &count.to_le_bytes()[..], &count.to_le_bytes()].concat());
    archive.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend([0; 2]);
    archive
}

#[test]
fn fuzz_pickle() {
    let corpus = ["today.bin", "protocol-4.bin", "hostile.bin"].map(|name| {
        let archive = std::fs::read(torch_save(name)).unwrap();
        let (start, end) = pickle_in(&archive);
        archive[start..end].to_vec()
    });
    let folder = folder();
    let path = folder.path().join("pytorch_model.bin");
    let written = |pickle: &[u8]| {
        let zeros = [0; 64];
        let tensors = ["a/data/0", "a/data/1", "a/data/2", "a/data/3"].map(|name| (name, &zeros[..]));
        let bytes = archive(&[&[("a/data.pkl", pickle)][..], &tensors].concat());
        std::fs::write(&path, &bytes).unwrap();
        bytes
    };
    written(&corpus[2]);
    let Err(WeightsError::Calls { called, .. }) = Weights::open(&path) else { panic!("the archive is read") };
    assert_eq!(called, "posix.system");
    Fuzz { name: "fuzz_pickle", corpus: corpus.into(), words: &WORDS, inputs: 4000 }.run(|input| {
        let bytes = written(input);
        // An instruction of one byte may make a value.
        Answer::of(read_all(&path, &bytes), &bytes, 260, 1)
    });
}
