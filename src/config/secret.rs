//! A text that is never shown.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// A secret setting. `Debug` and `Display` show only whether it is set; there is no way to serialise it.
#[derive(Clone, Default)]
pub struct Secret(Option<String>);

impl Secret {
    /// The secret itself, for the one place that sends or compares it; `None` where the setting is empty.
    pub fn expose(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Whether there is one.
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self((!text.is_empty()).then_some(text))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { "(hidden)" } else { "(not set)" })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
