//! Device categories: what administrators sort devices into.
//!
//! Source: Microsoft Graph, resource type `deviceCategory`.

mod category;
mod of_device;
mod resource;

pub(crate) use category::{CATEGORY_CHARS_MAX, Category, DESCRIPTION_CHARS_MAX, is_category};
pub(crate) use resource::{CategoryOperation, answer};
