//! Pickles that are refused, and instructions in any order.

use proptest::prelude::*;

use super::*;

#[test]
fn pickled_call_is_refused_by_its_name() {
    // `pickle.dumps` of an object whose `__reduce__` gives `(os.system, ("true",))`, protocols 2 and 4.
    for pickle in [
        &b"\x80\x02cposix\nsystem\nq\x00X\x04\x00\x00\x00trueq\x01\x85q\x02Rq\x03."[..],
        b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x04true\x94\x85\x94R\x94.",
    ] {
        assert_eq!(tensors(pickle), Err(PickleError::Calls("posix.system".to_owned())));
    }
    assert_eq!(
        tensors(b"\x80\x02(S'true'\nios\nsystem\n."),
        Err(PickleError::Bad("it has an instruction that weights do not need"))
    );
    assert_eq!(tensors(b"\x80\x02(ios\nsystem\n."), Err(PickleError::Calls("a class".to_owned())));
    assert_eq!(tensors(b"\x80\x02c__builtin__\neval\n."), Err(PickleError::Calls("__builtin__.eval".to_owned())));
}

#[test]
fn float64_scale_is_read_and_other_types_refused() {
    let element = |storage| match Callable::named("torch", storage) {
        Some(Callable::Storage(element)) => element,
        _ => panic!("{storage}"),
    };
    assert_eq!([element("DoubleStorage"), element("LongStorage")], [ElementType::F64, ElementType::Other]);
}

#[test]
fn pickled_numbers_keep_their_sign() {
    let number = |pickle: &[u8]| {
        let mut machine = Machine::new(pickle);
        let top = machine.run().unwrap();
        let Value::Number(number) = machine.value(top) else { panic!() };
        *number
    };
    assert_eq!(number(b"\x8a\x02\xff\x7f."), 32767);
    assert_eq!(number(b"\x8a\x02\x00\xff."), -256);
    assert_eq!(number(b"\x8a\x00."), 0);
    assert_eq!(number(b"J\xff\xff\xff\xff."), -1);
    assert_eq!(number(b"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x80."), i64::MIN);
}

#[test]
fn deeply_nested_pickle_is_refused_without_overflow() {
    let mut deep = b"\x80\x02)".to_vec();
    deep.extend(std::iter::repeat_n(0x85, 1_000_000));
    deep.push(b'.');
    assert_eq!(tensors(&deep), Err(PickleError::Bad("it holds no dictionary")));
}

proptest! {
    #[test]
    fn any_instructions_never_panic(bytes in proptest::collection::vec(
        prop_oneof![proptest::sample::select(&b"(NKMJGX)]tae}suqhcQRb.\x80\x85\x86\x87\x88\x8a\x8c\x93\x94"[..]), any::<u8>()],
        0..200,
    )) {
        let _ = tensors(&bytes);
    }
}
