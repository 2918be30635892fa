//! Pictures that take all memory: however many cores there are, no more than a budget is taken.

use std::process::Stdio;

use image::{ExtendedColorType, ImageEncoder};

use crate::skip::{Lacks, skip};
use crate::support::{Workspace, watch};
use crate::tools::compiled_at;

/// The most kilobytes that a run with sixteen decoders may take.
const MOST: u64 = 1_500_000;

/// The largest picture that is decoded at all: some hundred bytes, and over half a gigabyte while they are decoded.
fn bomb() -> Vec<u8> {
    let (width, height) = (16_383, 5_400);
    let mut file = Vec::new();
    let pixels = vec![7; width as usize * height as usize * 3];
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut file);
    encoder.write_image(&pixels, width, height, ExtendedColorType::Rgb8).unwrap();
    file
}

/// Says that there are sixteen processors.
const CORES: &str = "
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
int sched_getaffinity(pid_t p, size_t n, cpu_set_t *s) { memset(s, 0, n); for (int i = 0; i < 16; i++) CPU_SET_S(i, n, s); return 0; }
";

#[test]
fn bombs_take_one_budget_whatever_the_cores() {
    let workspace = Workspace::new();
    let Some(library) = compiled_at(workspace.root(), "cores.so", CORES) else { return };
    let bomb = bomb();
    assert!(bomb.len() < 100_000);
    for number in 0..8_u8 {
        // After its end a file may have anything.
        workspace.write(format!("source/{number}.webp"), [bomb.as_slice(), &[number]].concat());
    }
    let mut doctor = workspace.program();
    let doctor = doctor.arg("doctor").env("LD_PRELOAD", &library).output().unwrap();
    let told = String::from_utf8(doctor.stdout).unwrap();
    if !told.contains("16") {
        return skip(Lacks::System, format!("cores cannot be made up here: {told}"));
    }
    let mut command = workspace.classify().flag("--dry-run").flag("--json").command();
    command.env("LD_PRELOAD", &library).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (code, peak) = watch(command.spawn().unwrap());
    println!("at most {peak:?} kB");
    assert_eq!(code, Some(0));
    assert!(peak.is_none_or(|peak| peak < MOST), "{peak:?} kB");
}
