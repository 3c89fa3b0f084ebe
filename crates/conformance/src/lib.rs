//! Numbered requirements of the protocol, and the cases that try a server or an agent on them.

#![no_std]

extern crate alloc;
