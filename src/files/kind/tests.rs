use super::*;

fn kind(start: &[u8], name: &str) -> Kind {
    Kind::of(start, Path::new(name))
}

#[test]
fn kind_by_content_comes_before_the_name() {
    assert_eq!(kind(b"\xff\xd8\xff\xe0", "picture.png"), Kind::Picture(Format::Jpeg));
    assert_eq!(kind(b"\xff\xd8\xff\xe0", "no extension"), Kind::Picture(Format::Jpeg));
    assert_eq!(kind(b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0", "x"), Kind::Picture(Format::Bmp));
    assert_eq!(kind(b"BM notes 2019 |4 pages", "notes"), Kind::Other);
    assert_eq!(kind(b"BM notes 2019 (4 pages", "notes.txt"), Kind::Other);
    assert_eq!(kind(b"BMW owners' manual", "x.txt"), Kind::Other);
    assert_eq!(kind(b"\0\0\0\x18ftypheic", "x.jpg"), Kind::OtherPicture("HEIC"));
    assert_eq!(kind(b"\0\0\0\x18ftypisom", "video.mp4"), Kind::Other);
    for start in [b"II*\0", b"II+\0", b"II\0*", b"MM\0*", b"MM\0+", b"MM*\0"] {
        assert_eq!(kind(start, "x.tif"), Kind::Picture(Format::Tiff), "{start:?}");
    }
    assert_eq!(kind(b"", "x.JPG"), Kind::OnlyNamedLikeOne);
    assert_eq!(kind(b"hello", "x.tga"), Kind::OtherPicture("TGA"));
    assert_eq!(kind(b"hello", "notes.md"), Kind::Other);
}

#[test]
fn raw_pictures_of_every_maker_are_recognised() {
    let tiff = b"II*\0\x08\0\0\0\x0a\0\0\x01\x04\0\x01\0";
    for extension in [
        "3fr", "ARW", "cr2", "dcr", "DNG", "erf", "fff", "gpr", "iiq", "kdc", "mef", "mos", "NEF", "nrw", "PEF", "raw",
        "rwl", "sr2", "srf", "SRW",
    ] {
        assert_eq!(kind(tiff, &format!("x.{extension}")), Kind::OtherPicture("RAW"), "{extension}");
    }
    let by_content: [&[u8]; 12] = [
        b"II*\0\x10\0\0\0CR\x02\0",
        b"II\x1a\0\0\0HEAPCCDR",
        b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
        b"FUJIFILMCCD-RAW 0201",
        b"\0MRM\0\0\0\0",
        b"IIRO\x08\0\0\0",
        b"IIRS\x08\0\0\0",
        b"MMOR\0\0\0\x08",
        b"IIU\0\x08\0\0\0",
        b"IIIITwaR",
        b"II*\0\x08\0\0\0IIII",
        b"FOVb\0\0\x02\0",
    ];
    for start in by_content {
        for name in ["x", "x.tif", "x.jpg", "x.raw"] {
            assert_eq!(kind(start, name), Kind::OtherPicture("RAW"), "{start:?} {name}");
        }
    }
    for extension in ["raf", "rw2", "orf", "x3f", "mrw", "cr3", "crw"] {
        assert!(has_picture_name(Path::new(&format!("x.{extension}"))), "{extension}");
    }
    // A file of such a name that is no TIFF is somebody else's.
    assert_eq!(kind(b"some packets of a network", "x.cap"), Kind::Other);
    assert_eq!(kind(b"samples", "x.raw"), Kind::Other);
}

#[test]
fn icon_is_recognised_by_its_first_entry() {
    let icon = b"\0\0\x01\0\x02\0\x10\x10\0\0\x01\0\x20\0\x68\x04\0\0\x26\0\0\0";
    let cursor = b"\0\0\x02\0\x01\0\x20\x20\0\0\x05\0\x07\0\x30\x01\0\0\x16\0\0\0";
    assert_eq!(kind(icon, "x"), Kind::OtherPicture("ICO"));
    assert_eq!(kind(cursor, "x.bin"), Kind::OtherPicture("CUR"));
    let not_icons: [&[u8]; 4] = [
        b"\0\0\x02\0some measurement data of an instrument ....",
        b"\0\0\x01\0some measurement data of an instrument ....",
        b"\0\0\x02\0\0\0\0\0\0\0\0\0\xcb\0\x0f\x01\x18\0\xc6\xcb\xd4\xce\xd3",
        // The entry would lie in the directory.
        b"\0\0\x01\0\x02\0\x10\x10\0\0\x01\0\x20\0\x68\x04\0\0\x16\0\0\0",
    ];
    for start in not_icons {
        assert_eq!(kind(start, "data.bin"), Kind::Other, "{start:?}");
    }
    assert_eq!(kind(not_icons[2], "pic.tga"), Kind::OtherPicture("TGA"));
}

#[test]
fn weak_signature_counts_only_with_a_picture_name() {
    let signs: [(&[u8], &str); 6] = [
        (b"P6\n203 271\n255\n", "PNM"),
        (b"%PDF-1.4\n", "PDF"),
        (b"<?xml version=\"1.0\"?><svg xmlns=", "SVG"),
        (b"\0\0\x02\0\0\0\0\0\0\0\0\0\xcb\0\x0f\x01\x18\0", "TGA"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"\xff\x0a\xfa\x7f", "JPEG XL"),
    ];
    for (start, format) in signs {
        assert_eq!(kind(start, "x.jpg"), Kind::OtherPicture(format));
        assert_eq!(kind(start, "x.dat"), Kind::Other);
    }
    assert_eq!(kind(b"\xff\x0a\xfa\x7f", "without an extension"), Kind::OtherPicture("JPEG XL"));
    assert_eq!(kind(b"%PDF-1.4\n", "without an extension"), Kind::Other);
    assert_eq!(kind(b"the content is no picture", "x.jpg"), Kind::OnlyNamedLikeOne);
}

#[test]
fn png_of_apple_is_named() {
    let start = |chunk: &[u8]| [b"\x89PNG\r\n\x1a\n\0\0\0\x04", chunk].concat();
    assert_eq!(kind(&start(b"CgBI"), "x.png"), Kind::OtherPicture("CgBI PNG"));
    assert_eq!(kind(&start(b"IHDR"), "x.png"), Kind::Picture(Format::Png));
}
