//! Reusable parts of screens. They know keys, styles and text, never the engine.

pub mod field;
pub mod form;
mod form_view;
pub mod frame;
pub mod list;
pub mod notice;
pub mod picker;
