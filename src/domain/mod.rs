//! The subject of the product: labels, scores, counts, plans.
//!
//! Pure: no input or output, no threads, no clock. Everything here can be tested with plain values.

pub mod advice;
pub mod audit;
pub mod collection;
pub mod count;
pub mod decision;
pub mod file_filter;
pub mod file_identity;
pub mod folder_name;
pub mod fuzzy;
pub mod hex;
pub mod history;
pub mod hub_model;
pub mod label;
pub mod label_tree;
pub mod limit;
pub mod litter;
pub mod name_fold;
pub mod name_search;
pub mod near_duplicates;
pub mod patterns;
pub mod perceptual_hash;
pub mod picture;
pub mod plan;
pub mod portable_name;
pub mod printable;
pub mod queue_filter;
pub mod ranking;
pub mod readiness;
pub mod review;
pub mod run;
pub mod score;
pub mod settings;
pub mod speed;
pub mod speed_advice;
pub mod statistics;
pub mod template;
pub mod transfer;
pub mod unkept;
pub mod variant;
