//! Tests of the configuration: the sample file, the environment, refusals.
#![allow(clippy::unwrap_used)]
use super::schema::Kind;
use super::*;

const SAMPLE: &str = include_str!("../../../../deploy/annona.sample.toml");

/// A variable that the program reads by itself.
const OTHER: &str = "ANNONA_ANVIL";

/// Shows an address to a comparison.
pub(super) fn exposed<S: serde::Serializer>(
    url: &SecretUrl,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(url.expose())
}

fn load(text: &str) -> anyhow::Result<Config> {
    load_under(text, &[]).map(|(config, _)| config)
}

fn load_under(text: &str, variables: &[(&str, &str)]) -> anyhow::Result<(Config, Origins)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("annona.toml");
    std::fs::write(&path, text).unwrap();
    let variables = variables
        .iter()
        .map(|(name, value)| (name.into(), value.into()));
    Config::load_with(&path, &variables.collect::<Vec<_>>(), &[OTHER.into()])
}

fn refusal_of(text: &str, variables: &[(&str, &str)]) -> String {
    format!("{:#}", load_under(text, variables).unwrap_err())
}

/// The sample with a value that is set to `literal`.
fn sample_with(key: &Key, literal: &str) -> String {
    let header = format!("[{}]", key.section);
    let mut current = "";
    let mut text = String::new();
    for line in SAMPLE.lines() {
        if line.starts_with('[') {
            current = line;
        }
        let is_set_here = current == header && line.starts_with(&format!("{} =", key.name));
        if !is_set_here {
            text += &format!("{line}\n");
        }
        if line == header {
            text += &format!("{} = {literal}\n", key.name);
        }
    }
    text
}

/// Two values that a key may have, as a variable and as the file would say them.
const PAIRS: [(Kind, [(&str, &str); 2]); 11] = [
    (Kind::Whole, [("41", "41"), ("42", "42")]),
    (Kind::Fraction, [("0.25", "0.25"), ("0.5", "0.5")]),
    (Kind::Boolean, [("true", "true"), ("FALSE", "false")]),
    (Kind::Text, [("0123", "\"0123\""), ("true", "\"true\"")]),
    (
        Kind::Text,
        [
            ("http://127.0.0.1:1", "\"http://127.0.0.1:1\""),
            ("http://[::1]:2", "\"http://[::1]:2\""),
        ],
    ),
    (
        Kind::Text,
        [
            ("127.0.0.1:1", "\"127.0.0.1:1\""),
            ("[::1]:2", "\"[::1]:2\""),
        ],
    ),
    (Kind::Text, [("text", "\"text\""), ("json", "\"json\"")]),
    (
        Kind::Text,
        [("required", "\"required\""), ("optional", "\"optional\"")],
    ),
    (
        Kind::List,
        [
            ("1.key,b.key", "[\"1.key\", \"b.key\"]"),
            ("[\"c.key\"]", "[\"c.key\"]"),
        ],
    ),
    (
        Kind::List,
        [
            ("https://rpc.example/a", "[\"https://rpc.example/a\"]"),
            ("http://localhost:1/b", "[\"http://localhost:1/b\"]"),
        ],
    ),
    (
        Kind::List,
        [
            (
                "0x1111111111111111111111111111111111111111",
                "[\"0x1111111111111111111111111111111111111111\"]",
            ),
            (
                "0x2222222222222222222222222222222222222222",
                "[\"0x2222222222222222222222222222222222222222\"]",
            ),
        ],
    ),
];

/// Value that a configuration holds at a key; of a path, its last part.
fn held(config: &Config, key: &Key) -> String {
    let document = serde_json::to_value(config).unwrap();
    let value = &document[key.section][key.name];
    let show = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.rsplit('/').next().unwrap().to_owned(),
        other => other.to_string(),
    };
    match value {
        serde_json::Value::Array(elements) => {
            elements.iter().map(show).collect::<Vec<_>>().join(",")
        }
        other => show(other),
    }
}

fn expected(variable: &str) -> String {
    let plain = variable.trim_matches(['[', ']', '"']);
    let plain = if variable.starts_with("[::1]") {
        variable
    } else {
        plain
    };
    let plain = plain.rsplit('/').next().unwrap();
    if variable == "FALSE" {
        "false".to_owned()
    } else {
        plain.to_owned()
    }
}

fn mixed_case(name: &str) -> String {
    let letters = name
        .char_indices()
        .map(|(position, letter)| match position % 2 {
            0 => letter.to_ascii_lowercase(),
            _ => letter,
        });
    letters.collect()
}

#[test]
fn each_value_is_set_by_the_file_and_by_the_environment() {
    let keys = schema::keys::<Config>();
    assert!(keys.len() > 25, "{keys:?}");
    for key in &keys {
        let works = |pair: &&(Kind, [(&str, &str); 2])| {
            let literals = pair.1.map(|(_, literal)| literal);
            pair.0 == key.kind
                && literals
                    .iter()
                    .all(|literal| load(&sample_with(key, literal)).is_ok())
        };
        let (_, [(first, first_literal), (second, second_literal)]) = PAIRS
            .iter()
            .find(works)
            .unwrap_or_else(|| panic!("PAIRS has no two values of {key:?}"));
        let by_file = |literal| held(&load(&sample_with(key, literal)).unwrap(), key);
        assert_eq!(by_file(first_literal), expected(first), "{key:?}");
        assert_eq!(by_file(second_literal), expected(second), "{key:?}");

        let (upper, file) = (key.variable(), sample_with(key, first_literal));
        for variable in [upper.clone(), upper.to_lowercase(), mixed_case(&upper)] {
            let (config, origins) = load_under(&file, &[(variable.as_str(), second)]).unwrap();
            assert_eq!(held(&config, key), expected(second), "{variable}");
            let origins = origins.describe();
            assert!(origins.contains(&format!("({variable})")), "{origins}");
        }
    }
}

#[test]
fn the_schema_has_every_value_of_the_configuration() {
    let config = load(SAMPLE).unwrap();
    let document = serde_json::to_value(&config).unwrap();
    let keys = schema::keys::<Config>();
    let mut fields = 0;
    for (section, values) in document.as_object().unwrap() {
        for name in values.as_object().unwrap().keys() {
            fields += 1;
            let is_known = |key: &Key| key.section == section && key.name == name;
            assert!(keys.iter().any(is_known), "{section}.{name}");
        }
    }
    assert_eq!(fields, keys.len());
}

#[test]
fn the_sample_names_every_value() {
    for key in schema::keys::<Config>() {
        // Whoever sets it says so twice, on the command line as well, and not in a sample.
        if key.name == "allow_unsafe_test_keys" {
            continue;
        }
        let section = SAMPLE
            .split(&format!("[{}]\n", key.section))
            .nth(1)
            .unwrap();
        let section = section.split("\n[").next().unwrap();
        let is_named = |line: &str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{} =", key.name))
        };
        assert!(section.lines().any(is_named), "{key:?}");
    }
}

#[test]
fn a_variable_that_means_nothing_is_refused() {
    let error = refusal_of(SAMPLE, &[("ANNONA_CHAIN__RPC_ULR", "http://127.0.0.1:9")]);
    assert!(error.contains("ANNONA_CHAIN__RPC_URL"), "{error}");
    let twice = [
        ("ANNONA_CHAIN__RPC_URL", "a"),
        ("annona_chain__rpc_url", "b"),
    ];
    assert!(refusal_of(SAMPLE, &twice).contains("unset one"));
    assert!(load_under(SAMPLE, &[(OTHER, "x")]).is_ok());
}

#[test]
fn kubernetes_may_have_a_service_of_this_name() {
    let variables = [
        ("ANNONA_SERVICE_HOST", "10.96.0.12"),
        ("ANNONA_SERVICE_PORT", "8080"),
        ("ANNONA_SERVICE_PORT_HTTP", "8080"),
        ("ANNONA_PORT", "tcp://10.96.0.12:8080"),
        ("ANNONA_PORT_8080_TCP", "tcp://10.96.0.12:8080"),
        ("ANNONA_PORT_8080_TCP_PROTO", "tcp"),
        ("ANNONA_PORT_8080_TCP_PORT", "8080"),
        ("ANNONA_PORT_8080_TCP_ADDR", "10.96.0.12"),
        ("ANNONA_SERVICE__LISTEN", "0.0.0.0:8080"),
    ];
    let (config, _) = load_under(SAMPLE, &variables).unwrap();
    assert_eq!(config.service.listen.to_string(), "0.0.0.0:8080");
}

#[test]
fn an_error_names_the_variable_or_the_line() {
    let broken = SAMPLE.replace("max_fee_gwei = 100", "max_fee_gwei = \"secret\"");
    let line = broken
        .lines()
        .position(|line| line.starts_with("max_fee_gwei"))
        .unwrap()
        + 1;
    let error = refusal_of(&broken, &[]);
    assert!(error.contains(&format!("line {line}")), "{error}");
    assert!(
        error.contains("max_fee_gwei of [chain]") && !error.contains("secret"),
        "{error}"
    );

    let error = refusal_of(SAMPLE, &[("ANNONA_SERVICE__LISTEN", "nowhere")]);
    assert!(error.contains("ANNONA_SERVICE__LISTEN: "), "{error}");
    let error = refusal_of(SAMPLE, &[("ANNONA_CLAIMS__TOTAL", "-1")]);
    assert!(error.contains("ANNONA_CLAIMS__TOTAL: "), "{error}");
    let error = refusal_of(SAMPLE, &[("ANNONA_CLAIMS__TOTAL", "0")]);
    assert!(error.contains("ANNONA_CLAIMS__TOTAL: "), "{error}");

    let missing = SAMPLE.replace("rpc_url = ", "# ");
    assert!(refusal_of(&missing, &[]).contains("set ANNONA_CHAIN__RPC_URL"));
    let (config, _) = load_under(&missing, &[("ANNONA_CHAIN__RPC_URL", "http://h")]).unwrap();
    assert_eq!(config.chain.rpc_url.expose(), "http://h");
    let section = refusal_of("", &[]);
    assert!(section.contains("[service]"), "{section}");

    let misspelt = SAMPLE.replace("confirmations =", "confirmation =");
    let error = refusal_of(&misspelt, &[]);
    assert!(
        error.contains("nearest one is confirmations") && error.contains("line "),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_toml_is_refused_without_being_shown() {
    let unquoted = SAMPLE.replace("\"http://127.0.0.1:8545\"", "http://me:hunter2@host/key");
    let error = refusal_of(&unquoted, &[]);
    assert!(
        error.contains("line ") && !error.contains("hunter2"),
        "{error}"
    );
}

#[test]
fn empty_text_is_refused() {
    for (from, to) in [
        ("\"sequencer.key\"", "\"\""),
        ("[\"relay.key\"]", "[\"a\", \"\"]"),
    ] {
        let error = refusal_of(&SAMPLE.replace(from, to), &[]);
        assert!(error.contains("empty"), "{error}");
    }
    assert!(refusal_of(SAMPLE, &[("ANNONA_KEYS__SEQUENCER_FILE", "")]).contains("empty"));
    assert!(refusal_of(SAMPLE, &[("ANNONA_KEYS__RELAY_FILES", "")]).contains("no key is named"));
}

#[test]
fn a_file_may_be_saved_by_any_editor() {
    let windows = format!("\u{feff}{}", SAMPLE.replace('\n', "\r\n"));
    let config = load(&windows).unwrap();
    assert_eq!(config.keys.receipt_file.file_name().unwrap(), "receipt.key");
}

#[test]
fn a_missing_file_or_a_folder_is_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| format!("{:#}", Config::load_with(path, &[], &[]).unwrap_err());
    assert!(refused(&folder.path().join("none")).contains("annona.sample.toml"));
    assert!(refused(Path::new("")).contains("annona.sample.toml"));
    let error = refused(folder.path());
    assert!(error.contains("not a file"), "{error}");
}

#[test]
fn the_sample_is_a_configuration() {
    let config = load(SAMPLE).unwrap();
    assert_eq!(config.chain.confirmations, 12);
    assert!(config.keys.relay_files[0].is_absolute());
}

#[test]
fn what_pays_or_authenticates_has_no_default() {
    for line in [
        "rpc_url",
        "sequencer_file",
        "relay_files",
        "max_fee_gwei",
        "receipt_file",
        "deployment",
        "database",
        "listen",
    ] {
        let without: String = SAMPLE
            .lines()
            .filter(|text| !text.starts_with(line))
            .map(|text| format!("{text}\n"))
            .collect();
        let error = format!("{:#}", load(&without).unwrap_err());
        assert!(error.contains(line), "{line}: {error}");
    }
}

#[test]
fn somebody_pays_the_gas_of_claims() {
    let nobody = SAMPLE.replace("[\"relay.key\"]", "[]");
    let error = format!("{:#}", load(&nobody).unwrap_err());
    assert!(error.contains("relay_files"), "{error}");
    let two = SAMPLE.replace("[\"relay.key\"]", "[\"one.key\", \"two.key\"]");
    let config = load(&two).unwrap();
    let names = config.keys.relay_files.iter();
    let names: Vec<_> = names.map(|file| file.file_name().unwrap()).collect();
    assert_eq!(names, ["one.key", "two.key"]);
    assert_eq!(config.chain.fees().max_fee_wei, 100 * WEI_PER_GWEI);
}

#[test]
fn copies_lie_beside_the_database_unless_it_is_told_otherwise() {
    let config = load(SAMPLE).unwrap();
    let beside = |name| config.service.database.with_file_name(name);
    assert_eq!(config.service.gallery(), beside("annona.gallery"));
    assert_eq!(config.service.tree(), beside("annona.tree"));
    let elsewhere = "\ngallery = \"faces\"\ntree = \"nodes\"\n[chain]";
    let config = load(&SAMPLE.replace("\n[chain]", elsewhere)).unwrap();
    let beside = |name| config.service.database.with_file_name(name);
    assert_eq!(config.service.gallery(), beside("faces"));
    assert_eq!(config.service.tree(), beside("nodes"));
}

#[test]
fn only_a_proxy_that_is_trusted_names_clients() {
    let http = |lines: &str| {
        load(&SAMPLE.replace("[http]\n", &format!("[http]\n{lines}\n")))
            .unwrap()
            .http
    };
    let header = "client_header = \"x-real-ip\"";
    let proxies = "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]";
    for alone in [header, proxies] {
        let error = http(alone).clients().unwrap_err().to_string();
        assert!(error.contains("go together"), "{error}");
    }
    let both = http(&format!("{header}\n{proxies}")).clients().unwrap();
    assert_eq!(both.trusted_proxies.len(), 2);
    let strange = format!("{header}\ntrusted_proxies = [\"proxy\"]");
    let error = format!("{:#}", http(&strange).clients().unwrap_err());
    assert!(error.contains("proxy"), "{error}");
}

#[test]
fn connections_leave_files_for_the_database() {
    let http = |lines: &str| {
        load(&SAMPLE.replace("[http]\n", &format!("[http]\n{lines}\n")))
            .unwrap()
            .http
    };
    let limits = http("").connections(1_024).unwrap();
    assert!(limits.in_all + 256 <= 1_024, "{limits:?}");
    assert!(limits.per_client < limits.in_all);
    let many = http("max_connections = 1000000")
        .connections(1_024)
        .unwrap();
    assert_eq!(many.in_all, limits.in_all);
    let few = http("max_connections = 10").connections(1_024).unwrap();
    assert_eq!((few.in_all, few.per_client), (10, 3));
}

#[test]
fn where_the_app_is_served_connections_leave_its_files_room() {
    let with_app = load(&SAMPLE.replace("# app_dir", "app_dir")).unwrap();
    let (files, connections) = (2_048, with_app.connections(2_048).unwrap().in_all);
    assert!(2 * connections + 256 <= files, "{connections}");
    let without = load(SAMPLE).unwrap().connections(2_048).unwrap().in_all;
    assert!(connections < without, "{connections} {without}");
}

#[test]
fn the_app_is_looked_for_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("annona.toml");
    std::fs::write(&path, SAMPLE.replace("# app_dir", "app_dir")).unwrap();
    let config = Config::load_with(&path, &[], &[]).unwrap().0;
    let dist = folder.path().join("app/dist");
    assert_eq!(config.service.app_dir.as_deref(), Some(&*dist));
    let refusal = config.service.app().unwrap_err().to_string();
    assert!(refusal.contains(&*dist.to_string_lossy()), "{refusal}");
    assert!(load(SAMPLE).unwrap().service.app().unwrap().is_none());
}

#[test]
fn unknown_fields_are_refused() {
    let error = load(&format!("{SAMPLE}\n[unknown]\nfield = 1\n")).unwrap_err();
    assert!(format!("{error:#}").contains("unknown"), "{error:#}");
}

#[test]
fn orbs_are_refused_by_their_addresses() {
    assert!(load(SAMPLE).unwrap().enrolment.refused_orbs().is_empty());
    let orb = Address::repeat_byte(0x11);
    let refusing =
        |orb: &str| SAMPLE.replace("refused_orbs = []", &format!("refused_orbs = [\"{orb}\"]"));
    let config = load(&refusing(&orb.to_string())).unwrap();
    assert_eq!(
        config.enrolment.refused_orbs(),
        BTreeSet::from([OrbId(orb)])
    );
    assert!(load(&refusing("0x11")).is_err());
    let checksummed = Address::repeat_byte(0xab).to_checksum(None);
    assert!(load(&refusing(&checksummed)).is_ok());
    let error = load(&refusing(&checksummed.replacen('B', "b", 1))).unwrap_err();
    assert!(format!("{error:#}").contains("checksum"), "{error:#}");
}

#[test]
fn endpoints_for_everybody_are_addresses_that_a_page_may_ask() {
    let with =
        |list: &str| SAMPLE.replace("# public_rpc_urls", &format!("public_rpc_urls = {list}\n#"));
    assert!(load(SAMPLE).unwrap().chain.public_rpc_urls.is_empty());
    let config = load(&with(
        "[\"https://rpc.example\", \"http://127.0.0.1:8545\"]",
    ))
    .unwrap();
    let shown: Vec<String> = config
        .chain
        .public_rpc_urls
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(shown, ["https://rpc.example/", "http://127.0.0.1:8545/"]);
    for (list, reason) in [
        ("[\"http://rpc.example\"]", "not https"),
        ("[\"https://me:SECRET@rpc.example\"]", "user or a password"),
        ("[\"rpc.example\"]", "no address"),
        ("[\"\"]", "public_rpc_urls"),
    ] {
        let error = refusal_of(&with(list), &[]);
        assert!(
            error.contains(reason) && error.contains("public_rpc_urls"),
            "{error}"
        );
        assert!(!error.contains("SECRET"), "{error}");
    }
    let many: Vec<String> = (0..=MAX_PUBLIC_RPC_URLS)
        .map(|number| format!("\"https://{number}.example\""))
        .collect();
    let error = refusal_of(&with(&format!("[{}]", many.join(", "))), &[]);
    assert!(error.contains("at most 8"), "{error}");
}
