//! Work that takes a while: the only place that starts threads. Every job can be stopped, and has joined its threads
//! when it returns.

pub mod apply;
mod budget;
pub mod classify;
pub mod model;
pub mod stop;
