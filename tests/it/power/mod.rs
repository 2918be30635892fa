//! Loss of power, simulated: disks that record what a real file system writes to them and are rebuilt as of any moment,
//! and a file system that keeps nothing but what was synced. docs/simulations.md says more.

mod disk;
mod disks;
mod fuse;
mod machine;
mod moments;
mod rack;
mod scenario;
mod strict;

/// How many moments of each scenario are judged: a number, or `all`.
const POWER: &str = "SIS_TEST_POWER";
