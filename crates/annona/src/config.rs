use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::time::Duration;

use annona_api::{BodyLimits, ClientNames, ClientRate, ConnectionLimits, Limits, RateLimits};
use annona_chain::PrivateKeySigner;
use annona_engine::{FeePolicy, RelayPolicy};
use annona_http::SecretUrl;
use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Toml};
use serde::Deserialize;

use crate::keys;
use crate::logs::LogFormat;

/// Environment variables that override the file: `ANNONA_CHAIN__RPC_URL` is `rpc_url` of `[chain]`.
const ENVIRONMENT_PREFIX: &str = "ANNONA_";

const WEI_PER_GWEI: u64 = 1_000_000_000;

/// The service's configuration: a TOML file, overridden by the environment.
/// What authenticates or pays has no default.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) service: ServiceConfig,
    pub(crate) chain: ChainConfig,
    pub(crate) keys: KeysConfig,
    #[serde(default)]
    pub(crate) sequencer: SequencerConfig,
    #[serde(default)]
    pub(crate) relay: RelayConfig,
    #[serde(default)]
    pub(crate) enrolment: EnrolmentConfig,
    #[serde(default)]
    pub(crate) claims: ClaimsConfig,
    #[serde(default)]
    pub(crate) http: HttpConfig,
    #[serde(default)]
    pub(crate) logs: LogsConfig,
}

/// `[service]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceConfig {
    /// Address to listen on; port 0 takes a free one, which is printed.
    pub(crate) listen: SocketAddr,
    /// SQLite file; made when missing.
    pub(crate) database: PathBuf,
    /// Folder of the gallery's files, a copy that can be thrown away; made when
    /// missing. Without it, a folder beside the database.
    pub(crate) gallery: Option<PathBuf>,
    /// File of the membership tree, a copy of what the chain says that can be thrown away;
    /// made when missing. Without it, a file beside the database.
    pub(crate) tree: Option<PathBuf>,
    /// Deployment file of `annona deploy`.
    pub(crate) deployment: PathBuf,
}

impl ServiceConfig {
    /// Folder of the gallery's files.
    pub(crate) fn gallery(&self) -> PathBuf {
        self.gallery
            .clone()
            .unwrap_or_else(|| self.database.with_extension("gallery"))
    }

    /// File of the membership tree.
    pub(crate) fn tree(&self) -> PathBuf {
        self.tree
            .clone()
            .unwrap_or_else(|| self.database.with_extension("tree"))
    }
}

/// `[chain]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainConfig {
    /// JSON-RPC endpoint.
    pub(crate) rpc_url: SecretUrl,
    /// Blocks on top of a block after which it counts as final.
    #[serde(default = "default_confirmations")]
    pub(crate) confirmations: u64,
    /// Pause between two looks at the chain, in milliseconds.
    #[serde(default = "default_poll_interval_ms")]
    pub(crate) poll_interval_ms: u64,
    /// The most that is paid for a unit of gas, in gwei.
    pub(crate) max_fee_gwei: u64,
    /// Blocks after which more is offered for a transaction that is in none; each time it
    /// is waited as much longer.
    #[serde(default = "default_bump_after_blocks")]
    pub(crate) bump_after_blocks: u64,
}

impl ChainConfig {
    /// What is offered for gas.
    pub(crate) const fn fees(&self) -> FeePolicy {
        FeePolicy {
            max_fee_wei: self.max_fee_gwei.saturating_mul(WEI_PER_GWEI),
            bump_after_blocks: self.bump_after_blocks,
        }
    }
}

/// `[keys]`: each a file of 64 hexadecimal digits, readable by its owner only.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeysConfig {
    /// Appends members to the registry.
    pub(crate) sequencer_file: PathBuf,
    /// Pay the gas of claims, one account each; nobody else may use them.
    pub(crate) relay_files: Vec<PathBuf>,
    /// Signs receipts of claims; it needs no coin and has no role.
    pub(crate) receipt_file: PathBuf,
    /// Folder of the circuits' keys, up to 500 MB; test keys are made when missing.
    pub(crate) circuits_folder: PathBuf,
    /// Takes test keys outside development chains, if the command line says so too.
    #[serde(default)]
    pub(crate) allow_unsafe_test_keys: bool,
}

/// `[sequencer]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SequencerConfig {
    /// The longest that an enrolment waits for others to share a batch with, in seconds.
    pub(crate) max_wait_secs: u64,
    /// Seconds before an epoch ends in which nobody waits and no recovery begins.
    pub(crate) epoch_margin_secs: u64,
}

/// `[relay]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RelayConfig {
    /// The longest that a claim waits for others to share a batch with, in seconds.
    pub(crate) wait_secs: u64,
    /// Base fee, in gwei, above which claims wait for cheaper gas.
    pub(crate) cheap_base_fee_gwei: u64,
    /// The longest that a claim waits for cheaper gas, in seconds.
    pub(crate) max_wait_secs: u64,
    /// Seconds before a claim window ends in which nothing waits.
    pub(crate) window_margin_secs: u64,
    /// Transactions of one account that are in no block, at most.
    pub(crate) slots_per_sender: usize,
}

impl RelayConfig {
    /// When claims are sent.
    pub(crate) const fn policy(&self) -> RelayPolicy {
        RelayPolicy {
            wait_secs: self.wait_secs,
            max_wait_secs: self.max_wait_secs,
            cheap_base_fee_wei: self.cheap_base_fee_gwei.saturating_mul(WEI_PER_GWEI),
            window_margin_secs: self.window_margin_secs,
            slots_per_sender: self.slots_per_sender,
        }
    }
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            wait_secs: 10,
            cheap_base_fee_gwei: 30,
            max_wait_secs: 600,
            window_margin_secs: 3_600,
            slots_per_sender: 4,
        }
    }
}

/// `[enrolment]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EnrolmentConfig {
    /// Oldest capture taken, in seconds.
    pub(crate) max_capture_age_secs: u64,
    /// How far an orb's clock may run ahead, in seconds.
    pub(crate) max_clock_skew_secs: u64,
    /// Least time between two enrolments of one person, in seconds.
    pub(crate) recovery_cooldown_secs: u64,
    /// Enrolments a second from one client, an IPv4 address or a /64 of IPv6.
    pub(crate) per_client: NonZeroU32,
    /// Enrolments that a client who was silent may send at once.
    pub(crate) burst_per_client: NonZeroU32,
}

/// `[claims]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClaimsConfig {
    /// Time after which an accepted claim is settled, as its receipt says, in seconds.
    pub(crate) promise_secs: u64,
    /// Claims a second from one client, an IPv4 address or a /64 of IPv6.
    pub(crate) per_client: NonZeroU32,
    /// Claims that a client who was silent may send at once.
    pub(crate) burst_per_client: NonZeroU32,
    /// Claims a second from everybody.
    pub(crate) total: NonZeroU32,
}

impl Default for ClaimsConfig {
    fn default() -> Self {
        let rates = RateLimits::default();
        Self {
            promise_secs: 3_600,
            per_client: rates.claims.per_second,
            burst_per_client: rates.claims.burst,
            total: rates.claims_in_all,
        }
    }
}

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpConfig {
    /// Connections in all; without it, as many as the system's limit of open files leaves.
    pub(crate) max_connections: Option<NonZeroUsize>,
    /// Connections from one client; without it, a quarter of all.
    pub(crate) connections_per_client: Option<NonZeroUsize>,
    /// Longest that a connection is idle or takes over the head of a request, in seconds.
    pub(crate) head_timeout_secs: NonZeroU64,
    /// Longest that a body takes, in seconds.
    pub(crate) body_timeout_secs: NonZeroU64,
    /// Longest that a peer takes nothing of its answer, in seconds.
    pub(crate) write_timeout_secs: NonZeroU64,
    /// Requests a second from one client.
    pub(crate) per_client: NonZeroU32,
    /// Requests that a client who was silent may send at once.
    pub(crate) burst_per_client: NonZeroU32,
    /// Header in which the proxies name the client.
    pub(crate) client_header: Option<String>,
    /// Addresses of the proxies, or blocks of addresses such as `10.0.0.0/8`.
    pub(crate) trusted_proxies: Vec<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        let requests = RateLimits::default().requests;
        let seconds = |seconds| NonZeroU64::new(seconds).expect("it is written here");
        Self {
            max_connections: None,
            connections_per_client: None,
            head_timeout_secs: seconds(10),
            body_timeout_secs: seconds(10),
            write_timeout_secs: seconds(10),
            per_client: requests.per_second,
            burst_per_client: requests.burst,
            client_header: None,
            trusted_proxies: Vec::new(),
        }
    }
}

impl HttpConfig {
    /// The connections that a process holds which may open `descriptors` files.
    pub(crate) fn connections(&self, descriptors: u64) -> anyhow::Result<ConnectionLimits> {
        let possible = ConnectionLimits::for_descriptors(descriptors, self.clients()?);
        let wanted = self.max_connections.map_or(usize::MAX, NonZeroUsize::get);
        let in_all = wanted.min(possible.in_all);
        let per_client = self.connections_per_client.map(NonZeroUsize::get);
        Ok(ConnectionLimits {
            in_all,
            per_client: per_client.unwrap_or(in_all.div_ceil(4)),
            head_timeout: Duration::from_secs(self.head_timeout_secs.get()),
            write_timeout: Duration::from_secs(self.write_timeout_secs.get()),
            ..possible
        })
    }

    fn clients(&self) -> anyhow::Result<ClientNames> {
        let header = self.client_header.as_deref().map(str::parse).transpose();
        let proxies = self.trusted_proxies.iter().map(|block| block.parse());
        anyhow::ensure!(
            self.client_header.is_some() != self.trusted_proxies.is_empty(),
            "client_header and trusted_proxies of [http] go together: only a proxy that is trusted names clients"
        );
        Ok(ClientNames {
            header: header.context("client_header of [http] is no header's name")?,
            trusted_proxies: proxies
                .collect::<Result<_, _>>()
                .context("trusted_proxies of [http] cannot be read")?,
        })
    }
}

/// `[logs]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogsConfig {
    /// `text` or `json`.
    pub(crate) format: LogFormat,
}

const fn default_confirmations() -> u64 {
    12
}

const fn default_poll_interval_ms() -> u64 {
    1_000
}

const fn default_bump_after_blocks() -> u64 {
    3
}

impl Default for EnrolmentConfig {
    fn default() -> Self {
        Self {
            max_capture_age_secs: 300,
            max_clock_skew_secs: 30,
            recovery_cooldown_secs: 7 * 86_400,
            per_client: RateLimits::default().enrolments.per_second,
            burst_per_client: RateLimits::default().enrolments.burst,
        }
    }
}

impl Default for SequencerConfig {
    fn default() -> Self {
        Self {
            max_wait_secs: 600,
            epoch_margin_secs: 900,
        }
    }
}

impl Config {
    /// The keys that pay the gas of claims.
    pub(crate) fn relay_keys(&self) -> anyhow::Result<Vec<PrivateKeySigner>> {
        let files = self.keys.relay_files.iter();
        files.map(|file| keys::read(file)).collect()
    }

    /// The load that the service takes on.
    pub(crate) fn limits(&self) -> anyhow::Result<Limits> {
        let rate = |per_second, burst| ClientRate { per_second, burst };
        Ok(Limits {
            rates: RateLimits {
                requests: rate(self.http.per_client, self.http.burst_per_client),
                enrolments: rate(self.enrolment.per_client, self.enrolment.burst_per_client),
                claims: rate(self.claims.per_client, self.claims.burst_per_client),
                claims_in_all: self.claims.total,
            },
            bodies: BodyLimits {
                timeout: Duration::from_secs(self.http.body_timeout_secs.get()),
                ..BodyLimits::default()
            },
            clients: self.http.clients()?,
            ..Limits::default()
        })
    }

    /// Reads `path` and the environment; relative paths are relative to the file.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        if !path.is_file() {
            anyhow::bail!(
                "there is no configuration file {}; start from deploy/annona.sample.toml",
                path.display()
            );
        }
        let sections = [
            "service",
            "chain",
            "keys",
            "sequencer",
            "relay",
            "enrolment",
            "claims",
            "http",
            "logs",
        ];
        let environment = Env::prefixed(ENVIRONMENT_PREFIX)
            .split("__")
            .filter(move |key| {
                sections
                    .iter()
                    .any(|section| key.as_str().starts_with(section))
            });
        let mut config: Self = Figment::from(Toml::file_exact(path))
            .merge(environment)
            .extract()
            .with_context(|| format!("the configuration {} is not complete", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for file in [
            &mut config.service.database,
            &mut config.service.deployment,
            &mut config.keys.sequencer_file,
            &mut config.keys.receipt_file,
            &mut config.keys.circuits_folder,
        ] {
            *file = folder.join(&*file);
        }
        for file in &mut config.keys.relay_files {
            *file = folder.join(&*file);
        }
        anyhow::ensure!(
            !config.keys.relay_files.is_empty(),
            "relay_files of [keys] names no key: somebody has to pay the gas of claims"
        );
        let service = &mut config.service;
        for copy in [&mut service.gallery, &mut service.tree] {
            *copy = copy.take().map(|path| folder.join(path));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SAMPLE: &str = include_str!("../../../deploy/annona.sample.toml");

    fn load(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("annona.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(&path)
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
    fn unknown_fields_are_refused() {
        let error = load(&format!("{SAMPLE}\n[unknown]\nfield = 1\n")).unwrap_err();
        assert!(format!("{error:#}").contains("unknown"), "{error:#}");
    }
}
