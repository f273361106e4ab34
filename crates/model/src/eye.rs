/// One of a person's two eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Eye {
    /// The person's left eye.
    Left,
    /// The person's right eye.
    Right,
}

impl Eye {
    /// Both eyes, for storage.
    pub const ALL: [Self; 2] = [Self::Left, Self::Right];

    /// Returns the name in files and messages: `left` or `right`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
        }
    }

    /// Returns the eye of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|eye| eye.name() == name)
    }
}
