//! The people at the desk and what their roles allow.

use serde::{Deserialize, Serialize};

/// A role; each may do what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads the desk.
    Viewer,
    /// Decides.
    Editor,
    /// Also manages people and sources.
    Admin,
}

impl Role {
    /// All of them, least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Admin];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role for a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// Somebody with access to the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    /// Row id.
    pub id: i64,
    /// Lower-cased address, the sign-in name.
    pub email: String,
    /// What the desk calls them; the address's local part until they say otherwise.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A disabled account has no sessions and cannot sign in.
    pub disabled: bool,
    /// Whether a password was ever set.
    pub has_password: bool,
}
