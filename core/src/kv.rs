//! One key of a document that several writers share.
//!
//! # Forces
//!
//! - The store knows documents, people own keys. Who writes a key has to send the whole document, so whoever sends less than
//!   all of it removes what others keep there: that is how keys vanished every six hours. [`merge`] says what may be written,
//!   and for which version of the document alone.
//! - Only a real "not there" is absent. What could not be read is never the reason to write; a document whose newest version
//!   was deleted can be restored with all of its keys, so nothing is put on top of it.
//! - Values of others pass through: they are kept as the text that the store sent ([`document`]), never shown, and a number
//!   that the store itself does not give back exactly stops the write.

pub mod address;
pub mod checks;
pub mod document;
pub mod merge;
