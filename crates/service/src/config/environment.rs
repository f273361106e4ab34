//! Values of the configuration that come from environment variables.
//!
//! A value is read by its kind and never guessed at: a file called `0123` stays a name.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::schema::{Key, Kind, PREFIX, SEPARATOR};

/// Variables of the process that begin with [`PREFIX`].
pub(crate) fn of_process() -> Vec<(OsString, OsString)> {
    std::env::vars_os()
        .filter(|(name, _)| is_ours(name))
        .collect()
}

fn is_ours(name: &OsStr) -> bool {
    name.to_string_lossy().to_uppercase().starts_with(PREFIX)
}

/// Takes the variables of this program out of a child's environment: its configuration is
/// all in its file.
pub fn forget_environment(command: &mut Command) {
    for (name, _) in of_process() {
        command.env_remove(name);
    }
}

/// A value that a variable sets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Override {
    pub(crate) key: Key,
    /// The variable as it is written in the environment.
    pub(crate) variable: String,
    value: Value,
}

/// The values that `variables` set, and each objection to one of them.
pub(crate) fn read(
    variables: &[(OsString, OsString)],
    keys: &[Key],
    others: &[String],
) -> Result<Vec<Override>, Vec<String>> {
    let mut overrides: Vec<Override> = Vec::new();
    let mut objections = Vec::new();
    for (name, value) in variables {
        let variable = name.to_string_lossy().into_owned();
        let upper = variable.to_uppercase();
        let Some(key) = keys.iter().find(|key| key.variable() == upper) else {
            if !others.contains(&variable) && !is_of_an_orchestrator(&upper, value) {
                objections.push(unknown(&variable, keys, others));
            }
            continue;
        };
        if let Some(other) = overrides.iter().find(|other| other.key == *key) {
            objections.push(format!(
                "{} and {variable} set the same value; unset one of them",
                other.variable
            ));
            continue;
        }
        match parse(value, key.kind) {
            Ok(value) => overrides.push(Override {
                key: *key,
                variable,
                value,
            }),
            Err(objection) => objections.push(format!("{variable} {objection}")),
        }
    }
    if objections.is_empty() {
        Ok(overrides)
    } else {
        Err(objections)
    }
}

/// Parses the text of a variable. The reason against it does not quote it: it may hold a
/// secret.
fn parse(value: &OsStr, kind: Kind) -> Result<Value, &'static str> {
    let text = value.to_str().ok_or("is not UTF-8 text")?;
    let trimmed = text.trim();
    if trimmed.is_empty() && kind != Kind::List {
        return Err("is empty; unset it, or give it a value");
    }
    match kind {
        Kind::Text => Ok(Value::from(text)),
        Kind::Whole => whole(trimmed).ok_or("is not a whole number"),
        Kind::Fraction => trimmed
            .parse::<f64>()
            .map(Value::from)
            .map_err(|_| "is not a number"),
        Kind::Boolean => match trimmed.to_lowercase().as_str() {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => Err("is neither true nor false"),
        },
        Kind::List => list(trimmed),
    }
}

/// A number as TOML writes it, in decimal digits.
fn whole(text: &str) -> Option<Value> {
    let digits = text.replace('_', "");
    let positive = digits.parse::<u64>().map(Value::from);
    positive
        .or_else(|_| digits.parse::<i64>().map(Value::from))
        .ok()
}

/// Elements with commas between them: `a, b`, or as in TOML `["a", "b"]`.
fn list(text: &str) -> Result<Value, &'static str> {
    let inner = match text.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .ok_or("begins a list with [ and does not end it with ]")?,
        None => text,
    };
    if inner.trim().is_empty() {
        return Ok(Value::from(Vec::<String>::new()));
    }
    let elements: Vec<String> = inner
        .trim()
        .trim_end_matches(',')
        .split(',')
        .map(|element| unquoted(element.trim()).to_owned())
        .collect();
    if elements.iter().any(String::is_empty) {
        return Err("has an empty element in its list");
    }
    Ok(Value::from(elements))
}

fn unquoted(text: &str) -> &str {
    let within = |mark: char| text.strip_prefix(mark)?.strip_suffix(mark);
    within('"').or_else(|| within('\'')).unwrap_or(text)
}

/// Variables that Kubernetes and Docker's links set for a service whose name is, or begins
/// with, `annona`: they were not meant for this program.
fn is_of_an_orchestrator(upper: &str, value: &OsStr) -> bool {
    let is_url = || {
        let value = value.to_string_lossy();
        ["tcp://", "udp://", "sctp://"]
            .iter()
            .any(|scheme| value.starts_with(scheme))
    };
    if upper.contains(SEPARATOR) {
        return false;
    }
    // ANNONA_SERVICE_HOST, ANNONA_RELAY_SERVICE_PORT, ANNONA_SERVICE_PORT_HTTP
    let service = |what: &str| upper.contains(&format!("_SERVICE_{what}"));
    if upper.ends_with("_SERVICE_HOST") || service("PORT_") || upper.ends_with("_SERVICE_PORT") {
        return true;
    }
    // ANNONA_PORT_8080_TCP and with _PROTO, _PORT, _ADDR behind it
    if let Some((_, rest)) = upper.split_once("_PORT_") {
        let mut parts = rest.split('_');
        let is_number = |part: &str| part.parse::<u16>().is_ok();
        let is_protocol = |part: &str| matches!(part, "TCP" | "UDP" | "SCTP");
        let is_detail = |part: &str| matches!(part, "PROTO" | "PORT" | "ADDR");
        return parts.next().is_some_and(is_number)
            && parts.next().is_some_and(is_protocol)
            && parts.next().is_none_or(is_detail)
            && parts.next().is_none();
    }
    // ANNONA_PORT of Kubernetes and Docker, ANNONA_NAME and ANNONA_ENV_… of Docker
    (upper.ends_with("_PORT") && is_url())
        || (upper.ends_with("_NAME") && value.to_string_lossy().starts_with('/'))
        || upper.starts_with("ANNONA_ENV_")
}

fn unknown(variable: &str, keys: &[Key], others: &[String]) -> String {
    let known = keys.iter().map(Key::variable).chain(others.iter().cloned());
    let nearest = nearest(&variable.to_uppercase(), known).unwrap_or_default();
    format!("{variable} is no variable of this program; the nearest one is {nearest}")
}

/// The name of `known` that differs in the fewest letters.
pub(crate) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known.min_by_key(|other| edits(name, other))
}

/// Letters to add, drop or change until one name is the other (Levenshtein's distance).
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

/// The overrides as a source of configuration.
pub(crate) struct Overrides<'a>(pub(crate) &'a [Override]);

impl Provider for Overrides<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named("environment")
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut sections: Map<String, Dict> = Map::new();
        for set in self.0 {
            let section = sections.entry(set.key.section.to_owned()).or_default();
            section.insert(set.key.name.to_owned(), set.value.clone());
        }
        let document = sections
            .into_iter()
            .map(|(section, values)| (section, Value::from(values)))
            .collect();
        Ok(Map::from([(Profile::Default, document)]))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KEYS: [Key; 3] = [
        Key {
            section: "service",
            name: "listen",
            kind: Kind::Text,
        },
        Key {
            section: "keys",
            name: "relay_files",
            kind: Kind::List,
        },
        Key {
            section: "chain",
            name: "confirmations",
            kind: Kind::Whole,
        },
    ];

    fn read_one(name: &str, value: &str) -> Result<Vec<Override>, Vec<String>> {
        let others = ["ANNONA_ANVIL".to_owned()];
        read(&[(name.into(), value.into())], &KEYS, &others)
    }

    fn value(name: &str, value: &str) -> Value {
        read_one(name, value).unwrap().remove(0).value
    }

    #[test]
    fn a_value_is_read_by_its_kind() {
        for text in ["0123", "0x12", "1e5", "true", "[a, b]", "\"quoted\"", "a#b"] {
            assert_eq!(value("ANNONA_SERVICE__LISTEN", text), Value::from(text));
        }
        let list = |text| value("ANNONA_KEYS__RELAY_FILES", text);
        let two = Value::from(vec!["1.key".to_owned(), "b c.key".to_owned()]);
        for text in [
            "1.key,b c.key",
            " 1.key , b c.key, ",
            "[\"1.key\", \"b c.key\"]",
            "['1.key', 'b c.key',]",
            "[1.key, b c.key]",
        ] {
            assert_eq!(list(text), two, "{text}");
        }
        for text in ["", "[]", " [ ] "] {
            assert_eq!(list(text), Value::from(Vec::<String>::new()), "{text}");
        }
        for text in ["12", " 12 ", "1_2"] {
            let read = value("ANNONA_CHAIN__CONFIRMATIONS", text);
            assert_eq!(read, Value::from(12_u64));
        }
    }

    #[test]
    fn a_value_of_another_kind_is_refused_by_the_name_of_its_variable() {
        for (name, text) in [
            ("ANNONA_CHAIN__CONFIRMATIONS", "twelve"),
            ("ANNONA_CHAIN__CONFIRMATIONS", "1.5"),
            ("ANNONA_CHAIN__CONFIRMATIONS", ""),
            ("ANNONA_SERVICE__LISTEN", ""),
            ("ANNONA_SERVICE__LISTEN", "  "),
            ("ANNONA_KEYS__RELAY_FILES", "[a"),
            ("ANNONA_KEYS__RELAY_FILES", "a,,b"),
        ] {
            let objections = read_one(name, text).unwrap_err();
            assert!(objections[0].starts_with(name), "{objections:?}");
        }
    }

    #[test]
    fn a_misspelt_variable_is_refused_and_the_nearest_one_named() {
        for (wrong, right) in [
            ("ANNONA_CHAIN__CONFIRMATION", "ANNONA_CHAIN__CONFIRMATIONS"),
            ("annona_service__lisen", "ANNONA_SERVICE__LISTEN"),
            ("ANNONA_SERVICE_LISTEN", "ANNONA_SERVICE__LISTEN"),
            ("ANNONA_ANVLI", "ANNONA_ANVIL"),
        ] {
            let objections = read_one(wrong, "1").unwrap_err();
            assert!(objections[0].contains(wrong), "{objections:?}");
            assert!(objections[0].ends_with(right), "{objections:?}");
        }
        assert_eq!(read_one("ANNONA_ANVIL", "1"), Ok(Vec::new()));
    }

    #[test]
    fn all_objections_are_made_at_once() {
        let variables = [
            ("ANNONA_CHAIN__CONFIRMATIONS", "x"),
            ("ANNONA_NOTHING", "x"),
            ("ANNONA_SERVICE__LISTEN", "x"),
            ("Annona_Service__Listen", "y"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let objections = read(&variables, &KEYS, &[]).unwrap_err();
        assert_eq!(objections.len(), 3, "{objections:?}");
        assert!(objections[2].contains("set the same value"));
    }

    #[test]
    fn variables_of_orchestrators_are_passed_over_and_nothing_like_them() {
        for (name, value) in [
            ("ANNONA_SERVICE_HOST", "10.0.0.7"),
            ("ANNONA_SERVICE_PORT", "8080"),
            ("ANNONA_SERVICE_PORT_HTTP", "8080"),
            ("ANNONA_PORT", "tcp://10.0.0.7:8080"),
            ("ANNONA_PORT_8080_TCP", "tcp://10.0.0.7:8080"),
            ("ANNONA_PORT_8080_TCP_PROTO", "tcp"),
            ("ANNONA_PORT_8080_TCP_PORT", "8080"),
            ("ANNONA_PORT_8080_TCP_ADDR", "10.0.0.7"),
            ("ANNONA_RELAY_SERVICE_HOST", "fd00::7"),
            ("ANNONA_RELAY_PORT_53_UDP_ADDR", "fd00::7"),
            ("ANNONA_NAME", "/web/annona"),
            ("ANNONA_ENV_PATH", "/bin"),
        ] {
            assert_eq!(read_one(name, value), Ok(Vec::new()), "{name}");
        }
        for (name, value) in [
            ("ANNONA_SERVICE__HOST", "10.0.0.7"),
            ("ANNONA_SERVICE__PORT", "8080"),
            ("ANNONA_PORT", "8080"),
            ("ANNONA_PORT_8080", "8080"),
            ("ANNONA_PORT_HTTP_TCP", "8080"),
            ("ANNONA_NAME", "annona"),
            ("ANNONA_LISTEN", "0.0.0.0:80"),
        ] {
            assert!(read_one(name, value).is_err(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_refused() {
        use std::os::unix::ffi::OsStringExt;
        let bytes = OsString::from_vec(vec![0x66, 0xff]);
        let variables = [("ANNONA_SERVICE__LISTEN".into(), bytes)];
        let objections = read(&variables, &KEYS, &[]).unwrap_err();
        assert!(objections[0].contains("UTF-8"), "{objections:?}");
    }
}
