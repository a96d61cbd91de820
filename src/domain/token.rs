//! Secrets that a browser or a letter carries: 256 random bits, of which only a hash is ever stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A session's or a one-time link's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl std::fmt::Debug for Token {
    /// Never the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// A new one.
    ///
    /// # Errors
    /// The operating system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the form that [`Token::to_text`] writes; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        // 43 characters are 32 bytes; checked first so that nobody makes us decode a long text
        let bytes = (text.len() == 43).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// 43 characters for a cookie or an address.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored. The secret has 256 bits, so a fast hash without salt cannot be reversed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// A second secret that follows from this one, for another purpose.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(purpose.as_bytes());
        digest.update([0]);
        digest.update(self.0);
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_nothing_else_is() {
        let token = Token::generate().unwrap();
        assert_eq!(Token::parse(&token.to_text()), Some(token.clone()));
        assert_ne!(token.hash(), token.derive("csrf"));
        for text in ["", "a", &token.to_text()[1..], &format!("{}=", token.to_text()), &"!".repeat(43)] {
            assert_eq!(Token::parse(text), None, "{text}");
        }
    }
}
