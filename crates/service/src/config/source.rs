//! Origin of each value of a configuration, and the fault that a value has there.

use std::path::{Path, PathBuf};

use figment::error::{Actual, Kind as Fault};

use super::environment::{Override, nearest};
use super::schema::{Key, PREFIX, SEPARATOR};

/// A configuration before it is understood: the file's text, and what overrides it.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    pub(crate) overrides: Vec<Override>,
}

/// Origins of the values of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    file: PathBuf,
    from_file: Vec<String>,
    from_environment: Vec<String>,
    defaults: Vec<String>,
}

impl Origins {
    /// Says for each value where it comes from. Values are not shown: some hold keys.
    pub fn describe(&self) -> String {
        let listed = |names: &[String]| match names {
            [] => "nothing".to_owned(),
            names => names.join(", "),
        };
        format!(
            "{}\n     from the environment: {}\n     from the file: {}\n     by default: {}",
            self.file.display(),
            listed(&self.from_environment),
            listed(&self.from_file),
            listed(&self.defaults)
        )
    }
}

impl Source {
    pub(crate) fn origins(&self, keys: &[Key], is_in_file: impl Fn(&Key) -> bool) -> Origins {
        let mut origins = Origins {
            file: self.path.clone(),
            from_file: Vec::new(),
            from_environment: Vec::new(),
            defaults: Vec::new(),
        };
        for key in keys {
            let name = format!("{}.{}", key.section, key.name);
            if let Some(set) = self.overriding(key.section, key.name) {
                let named = format!("{name} ({})", set.variable);
                origins.from_environment.push(named);
            } else if is_in_file(key) {
                origins.from_file.push(name);
            } else {
                origins.defaults.push(name);
            }
        }
        origins
    }

    fn overriding(&self, section: &str, name: &str) -> Option<&Override> {
        self.overrides
            .iter()
            .find(|set| (set.key.section, set.key.name) == (section, name))
    }

    /// The variable, or the file and its line, that sets a value.
    pub(crate) fn place(&self, section: &str, name: &str) -> String {
        if let Some(set) = self.overriding(section, name) {
            return set.variable.clone();
        }
        let file = self.path.display();
        match line_of(&self.text, section, name) {
            Some(line) => format!("{file}, line {line}, {name} of [{section}]"),
            None => format!("{file}, {name} of [{section}]"),
        }
    }

    /// Says what is wrong and where, one line each. No value of text is quoted, because it
    /// may hold a key.
    pub(crate) fn objections(&self, error: figment::Error) -> Vec<String> {
        error
            .into_iter()
            .map(|error| self.objection(&error))
            .collect()
    }

    fn objection(&self, error: &figment::Error) -> String {
        let file = self.path.display();
        let (section, name) = match error.path.as_slice() {
            [] => ("", ""),
            [section] => (section.as_str(), ""),
            [section, name, ..] => (section.as_str(), name.as_str()),
        };
        match &error.kind {
            Fault::MissingField(field) if section.is_empty() => {
                format!("{file} has no section [{field}]")
            }
            Fault::MissingField(field) => {
                let variable = PREFIX.to_owned() + section + SEPARATOR + field;
                format!(
                    "{field} of [{section}] is missing: write it into {file}, or set {}",
                    variable.to_uppercase()
                )
            }
            Fault::UnknownField(field, known) => self.unknown(section, field, known),
            Fault::Message(text) if section.is_empty() => format!("{file}: {}", unquoted(text)),
            kind => format!("{}: {}", self.place(section, name), without_text(kind)),
        }
    }

    fn unknown(&self, section: &str, field: &str, known: &[&str]) -> String {
        let near = nearest(field, known.iter().map(|&name| name.to_owned()));
        let near = near.unwrap_or_default();
        if section.is_empty() {
            let file = self.path.display();
            return format!(
                "{file}: there is no section or value `{field}`; the nearest one is [{near}]"
            );
        }
        let place = self.place(section, field);
        format!("{place}: there is no such value; the nearest one is {near}")
    }
}

fn without_text(kind: &Fault) -> String {
    let found = |actual: &Actual| match actual {
        Actual::Str(_) => "text".to_owned(),
        other => other.to_string(),
    };
    match kind {
        Fault::InvalidType(actual, expected) | Fault::InvalidValue(actual, expected) => {
            format!("{} is not what is needed here: {expected}", found(actual))
        }
        Fault::UnknownVariant(_, known) => format!("it is none of {}", known.join(", ")),
        Fault::Message(text) => unquoted(text),
        other => other.to_string(),
    }
}

/// Returns the TOML parser's message without the lines of the file that it shows.
fn unquoted(text: &str) -> String {
    let is_shown = |line: &&str| {
        let start = line
            .trim_start()
            .trim_start_matches(|c: char| c.is_ascii_digit());
        !start.trim_start().starts_with('|')
    };
    let said: Vec<&str> = text.lines().filter(is_shown).map(str::trim).collect();
    said.join(": ")
}

/// Line of a file in which a value is set, from 1 on.
fn line_of(text: &str, section: &str, name: &str) -> Option<usize> {
    let mut current = "";
    for (position, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            current = header.split(']').next().unwrap_or_default().trim();
            continue;
        }
        let (key, _) = line.split_once('=').unwrap_or_default();
        let key = key.trim();
        let dotted = key
            .split_once('.')
            .map(|(first, second)| (first.trim(), second.trim()));
        let is_in_section = current == section && key == name;
        if is_in_section || (current.is_empty() && dotted == Some((section, name))) {
            return Some(position + 1);
        }
    }
    None
}

/// A relative path of the configuration is relative to its file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_value_is_found() {
        let text = "# head\n[chain]\nrpc_url = 'x'\n\n [ keys ] # comment\nrpc_url = 1\n";
        assert_eq!(line_of(text, "chain", "rpc_url"), Some(3));
        assert_eq!(line_of(text, "keys", "rpc_url"), Some(6));
        assert_eq!(line_of(text, "logs", "rpc_url"), None);
        assert_eq!(
            line_of("a = 1\nlogs.format = 'x'", "logs", "format"),
            Some(2)
        );
    }

    #[test]
    fn lines_that_a_parser_shows_are_left_out() {
        let text = "TOML parse error at line 2, column 11\n  |\n2 | rpc_url = http://me:secret@host\n  |           ^\nstring values must be quoted\n";
        assert_eq!(
            unquoted(text),
            "TOML parse error at line 2, column 11: string values must be quoted"
        );
    }
}
