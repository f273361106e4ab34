use serde_json::Value;

/// Longest JSON file that is looked at before it is replaced.
const MAX_JSON_BYTES: u64 = 64 << 20;

/// Tells whether contents are of a kind.
type Inspection<'a> = dyn Fn(&[u8]) -> bool + Send + Sync + 'a;

/// The kind of contents that may take the place of earlier contents of the same kind.
pub struct Purpose<'a> {
    name: &'static str,
    inspected: Inspected,
    is_own: Box<Inspection<'a>>,
}

/// The part of a file that is looked at.
#[derive(Clone, Copy)]
enum Inspected {
    /// So many bytes of its start.
    Start(u64),
    /// All of it, which must not be more.
    Whole(u64),
}

impl<'a> Purpose<'a> {
    /// Contents that begin with `magic`.
    #[must_use]
    pub fn beginning_with(name: &'static str, magic: &'a [u8]) -> Self {
        Self::starting_so(name, magic.len() as u64, move |start| start == magic)
    }

    /// Contents for whose first `bytes` `is_own` holds.
    #[must_use]
    pub fn starting_so(
        name: &'static str,
        bytes: u64,
        is_own: impl Fn(&[u8]) -> bool + Send + Sync + 'a,
    ) -> Self {
        Self {
            name,
            inspected: Inspected::Start(bytes),
            is_own: Box::new(is_own),
        }
    }

    /// Contents of at most `limit` bytes for which `is_own` holds.
    #[must_use]
    pub fn recognised_by(
        name: &'static str,
        limit: u64,
        is_own: impl Fn(&[u8]) -> bool + Send + Sync + 'a,
    ) -> Self {
        Self {
            name,
            inspected: Inspected::Whole(limit),
            is_own: Box::new(is_own),
        }
    }

    /// A JSON object with all of `members`, or a list that begins with one. The members
    /// are those that no other kind of file has together.
    #[must_use]
    pub fn json_with(name: &'static str, members: &'static [&'static str]) -> Self {
        Self::recognised_by(name, MAX_JSON_BYTES, move |bytes| {
            serde_json::from_slice(bytes).is_ok_and(|old: Value| has_members(&old, members))
        })
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Bytes of a file's start that [`Self::allows`] has to see; one more than the limit
    /// shows that a file is longer.
    pub(crate) const fn bytes_to_read(&self) -> u64 {
        match self.inspected {
            Inspected::Start(bytes) => bytes,
            Inspected::Whole(limit) => limit + 1,
        }
    }

    /// Tells whether a file with this start may be replaced. An empty one may: there is
    /// nothing to lose, and `mktemp` makes such files.
    pub(crate) fn allows(&self, start: &[u8]) -> bool {
        let is_too_long = match self.inspected {
            Inspected::Start(_) => false,
            Inspected::Whole(limit) => start.len() as u64 > limit,
        };
        start.is_empty() || !is_too_long && (self.is_own)(start)
    }
}

fn has_members(document: &Value, members: &[&str]) -> bool {
    let first = match document {
        Value::Array(items) => items.first(),
        other => Some(other),
    };
    let Some(Value::Object(found)) = first else {
        return false;
    };
    !members.is_empty() && members.iter().all(|member| found.contains_key(*member))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_replaces_one_with_its_members() {
        let purpose = Purpose::json_with("figures", &["people", "seconds"]);
        for own in [
            "",
            r#"{"seconds": [], "people": 12, "more": 1}"#,
            r#"[{"people": 1, "seconds": 2}, {}]"#,
        ] {
            assert!(purpose.allows(own.as_bytes()), "{own}");
        }
        for other in [
            r#"{"people": 3}"#,
            r#"{"format": 2, "secret": "0x"}"#,
            r#"[{"people": 3}]"#,
            r#"["people", "seconds"]"#,
            "[]",
            "3",
            "text",
            "{}",
        ] {
            assert!(!purpose.allows(other.as_bytes()), "{other}");
        }
        assert!(!Purpose::json_with("anything", &[]).allows(b"{}"));
    }

    #[test]
    fn a_longer_file_is_never_recognised() {
        let purpose = Purpose::recognised_by("four bytes", 4, |_| true);
        assert!(purpose.allows(b"abcd"));
        assert!(!purpose.allows(b"abcde"));
        assert!(!Purpose::beginning_with("a key", b"KEY").allows(b"KE"));
    }
}
