//! The service's configuration: a TOML file, overridden by the environment.

mod environment;
mod schema;
mod source;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use annona_api::{
    ApiLimits, AppError, AppFolder, BodyLimits, ClientNames, ClientRate, ConnectionLimits,
    RateLimits,
};
use annona_chain::PrivateKeySigner;
use annona_core::{Address, OrbId, deserialize_addresses};
use annona_engine::{CommitmentPolicy, FeePolicy, ProofPolicy, RelayPolicy};
use annona_http::{PublicUrl, SecretUrl};
use annona_zkml::EncodingVerifier;
use anyhow::Context;
use figment::Figment;
use figment::providers::{Format, Toml};
use figment::value::Value;
use serde::Deserialize;

pub use environment::forget_environment;
use environment::{Override, Overrides};
use schema::Key;
pub use schema::PREFIX;
pub use source::Origins;
use source::Source;

use crate::account_keys;
use crate::logs::LogFormat;

/// The largest file that is taken for a configuration.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The most endpoints that are recommended to wallets.
pub const MAX_PUBLIC_RPC_URLS: usize = 8;

const WEI_PER_GWEI: u64 = 1_000_000_000;

/// The service's configuration: a TOML file, overridden by the environment.
/// Values that authenticate or pay have no default.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Addresses and files of the service itself.
    pub service: ServiceConfig,
    /// Endpoint, confirmations and fees.
    pub chain: ChainConfig,
    /// Files of the keys that sign and prove.
    pub keys: KeysConfig,
    /// Times and sizes of the registry's batches.
    #[serde(default)]
    pub sequencer: SequencerConfig,
    /// Times at which claims are paid, and their batches.
    #[serde(default)]
    pub relay: RelayConfig,
    /// Limits of enrolments.
    #[serde(default)]
    pub enrolment: EnrolmentConfig,
    /// Limits of claims and the promise in a receipt.
    #[serde(default)]
    pub claims: ClaimsConfig,
    /// Limits of connections and requests.
    #[serde(default)]
    pub http: HttpConfig,
    /// Form of the logs.
    #[serde(default)]
    pub logs: LogsConfig,
}

/// `[service]`
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct ServiceConfig {
    /// Address to listen on; port 0 takes a free one, which is printed.
    pub listen: SocketAddr,
    /// SQLite file; made when missing.
    pub database: PathBuf,
    /// Folder of the gallery's files, a copy that can be thrown away; made when
    /// missing. Without it, a folder beside the database.
    pub gallery: Option<PathBuf>,
    /// File of the membership tree, a copy of what the chain says that can be thrown away;
    /// made when missing. Without it, a file beside the database.
    pub tree: Option<PathBuf>,
    /// Deployment file of `annona deploy`.
    pub deployment: PathBuf,
    /// Folder of the built citizen's app, which the service then serves beside the API;
    /// without it, it serves none.
    pub app_dir: Option<PathBuf>,
}

impl ServiceConfig {
    /// Folder of the gallery's files.
    pub fn gallery(&self) -> PathBuf {
        self.gallery
            .clone()
            .unwrap_or_else(|| self.database.with_extension("gallery"))
    }

    /// Opens the citizen's app, if the configuration names its folder.
    ///
    /// # Errors
    /// The folder does not hold the built app.
    pub fn app(&self) -> Result<Option<AppFolder>, AppError> {
        self.app_dir.as_deref().map(AppFolder::open).transpose()
    }

    /// File of the membership tree.
    pub fn tree(&self) -> PathBuf {
        self.tree
            .clone()
            .unwrap_or_else(|| self.database.with_extension("tree"))
    }
}

/// `[chain]`
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct ChainConfig {
    /// JSON-RPC endpoint.
    #[cfg_attr(test, serde(serialize_with = "tests::exposed"))]
    pub rpc_url: SecretUrl,
    /// Endpoints of the same chain that `/v1/config` recommends to wallets, at most
    /// [`MAX_PUBLIC_RPC_URLS`]; without it, none. Everybody is shown them.
    #[serde(default)]
    pub public_rpc_urls: Vec<PublicUrl>,
    /// Blocks on top of a block after which it counts as final.
    #[serde(default = "default_confirmations")]
    pub confirmations: u64,
    /// Pause between two looks at the chain, in milliseconds.
    #[serde(default = "default_poll_interval_ms")]
    pub poll_interval_ms: u64,
    /// The most that is paid for a unit of gas, in gwei.
    pub max_fee_gwei: u64,
    /// Blocks after which more is offered for a transaction that is in none; each time it
    /// is waited as much longer.
    #[serde(default = "default_bump_after_blocks")]
    pub bump_after_blocks: u64,
}

impl ChainConfig {
    /// Returns the limits of the fees that are offered for gas.
    pub const fn fees(&self) -> FeePolicy {
        FeePolicy {
            max_fee_wei: self.max_fee_gwei.saturating_mul(WEI_PER_GWEI),
            bump_after_blocks: self.bump_after_blocks,
        }
    }
}

/// `[keys]`: each a file of 64 hexadecimal digits, readable by its owner only.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Appends members to the registry.
    pub sequencer_file: PathBuf,
    /// Pay the gas of claims, one account each; nobody else may use them.
    pub relay_files: Vec<PathBuf>,
    /// Signs receipts of claims; it needs no coin and has no role.
    pub receipt_file: PathBuf,
    /// Folder of the circuits' keys, up to 500 MB; test keys are made when missing.
    pub circuits_folder: PathBuf,
    /// Takes test keys outside development chains, if the command line says so too.
    #[serde(default)]
    pub allow_unsafe_test_keys: bool,
}

/// `[sequencer]`
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct SequencerConfig {
    /// The longest that an enrolment waits for others to share a batch with, in seconds.
    pub max_wait_secs: u64,
    /// Seconds before an epoch ends in which nobody waits and no recovery begins.
    pub epoch_margin_secs: u64,
    /// Part of an epoch's places that newcomers leave to recoveries, in per cent.
    pub recovery_share_percent: u8,
}

/// `[relay]`
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct RelayConfig {
    /// The longest that a claim waits for others to share a batch with, in seconds.
    pub wait_secs: u64,
    /// Base fee, in gwei, above which claims wait for cheaper gas.
    pub cheap_base_fee_gwei: u64,
    /// The longest that a claim waits for cheaper gas, in seconds.
    pub max_wait_secs: u64,
    /// Seconds before a claim window ends in which nothing waits.
    pub window_margin_secs: u64,
    /// Transactions of one account that are in no block, at most.
    pub slots_per_sender: usize,
}

impl RelayConfig {
    /// Returns the rules by which claims wait or are sent.
    pub const fn policy(&self) -> RelayPolicy {
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
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct EnrolmentConfig {
    /// Oldest capture taken, in seconds.
    pub max_capture_age_secs: u64,
    /// Time by which an orb's clock may run ahead, in seconds.
    pub max_clock_skew_secs: u64,
    /// Least time between two enrolments of one person, in seconds.
    pub recovery_cooldown_secs: u64,
    /// Enrolments a second from one client, an IPv4 address or a /64 of IPv6.
    pub per_client: NonZeroU32,
    /// Enrolments that a client who was silent may send at once.
    pub burst_per_client: NonZeroU32,
    /// The most people that one orb brings in during an epoch.
    pub people_per_orb: NonZeroU32,
    /// Time for which the templates of a person under review are kept for an operator's
    /// decision, in seconds.
    pub review_keep_secs: u64,
    /// Statements of orbs that are taken: `optional` takes those with commitments to irises and
    /// codes and those without, `required` those with commitments only.
    pub commitments: CommitmentsRule,
    /// Proofs that codes came from the model: `off` asks for none and looks at none, `optional`
    /// refuses false ones, `required` refuses packets without.
    pub encoding_proofs: ProofsRule,
    /// Verifying key of these proofs, a file of a ceremony; without it, the unsafe test key.
    pub encoding_key: Option<PathBuf>,
    /// Orbs of which nothing is taken, by their addresses; read again on SIGHUP.
    #[serde(deserialize_with = "deserialize_addresses")]
    pub refused_orbs: Vec<Address>,
}

/// Statements of orbs that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum CommitmentsRule {
    /// With commitments, and without.
    Optional,
    /// With commitments only.
    Required,
}

impl From<CommitmentsRule> for CommitmentPolicy {
    fn from(rule: CommitmentsRule) -> Self {
        match rule {
            CommitmentsRule::Optional => Self::Optional,
            CommitmentsRule::Required => Self::Required,
        }
    }
}

/// Proofs of encoding that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum ProofsRule {
    /// None, and none is looked at.
    Off,
    /// None, but those that come have to hold.
    Optional,
    /// Those of both eyes with each packet.
    Required,
}

impl ProofsRule {
    /// Returns the policy, with the verifier that `make` gives where one is needed.
    ///
    /// # Errors
    /// That of `make`.
    pub fn policy<E>(
        self,
        make: impl FnOnce() -> Result<EncodingVerifier, E>,
    ) -> Result<ProofPolicy, E> {
        let verifier = || make().map(Arc::new);
        Ok(match self {
            Self::Off => ProofPolicy::Off,
            Self::Optional => ProofPolicy::Optional(verifier()?),
            Self::Required => ProofPolicy::Required(verifier()?),
        })
    }
}

impl EnrolmentConfig {
    /// Orbs of which nothing is taken.
    pub fn refused_orbs(&self) -> BTreeSet<OrbId> {
        self.refused_orbs.iter().copied().map(OrbId).collect()
    }
}

/// `[claims]`
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct ClaimsConfig {
    /// Time after which an accepted claim is settled, as its receipt says, in seconds.
    pub promise_secs: u64,
    /// Claims a second from one client, an IPv4 address or a /64 of IPv6.
    pub per_client: NonZeroU32,
    /// Claims that a client who was silent may send at once.
    pub burst_per_client: NonZeroU32,
    /// Claims a second from everybody.
    pub total: NonZeroU32,
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
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Connections in all; without it, as many as the system's limit of open files leaves.
    pub max_connections: Option<NonZeroUsize>,
    /// Connections from one client; without it, a quarter of all.
    pub connections_per_client: Option<NonZeroUsize>,
    /// Longest that a connection is idle or takes over the head of a request, in seconds.
    pub head_timeout_secs: NonZeroU64,
    /// Longest that a body takes, in seconds.
    pub body_timeout_secs: NonZeroU64,
    /// Longest that a peer takes nothing of its answer, in seconds.
    pub write_timeout_secs: NonZeroU64,
    /// Requests a second from one client.
    pub per_client: NonZeroU32,
    /// Requests that a client who was silent may send at once.
    pub burst_per_client: NonZeroU32,
    /// Header in which the proxies name the client.
    pub client_header: Option<String>,
    /// Addresses of the proxies, or blocks of addresses such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
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
    fn connections(&self, descriptors: u64) -> anyhow::Result<ConnectionLimits> {
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
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields, default)]
pub struct LogsConfig {
    /// `text` or `json`.
    pub format: LogFormat,
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
            people_per_orb: NonZeroU32::new(1_000).expect("1,000 is not 0"),
            review_keep_secs: 30 * 86_400,
            commitments: CommitmentsRule::Optional,
            encoding_proofs: ProofsRule::Off,
            encoding_key: None,
            refused_orbs: Vec::new(),
        }
    }
}

impl Default for SequencerConfig {
    fn default() -> Self {
        Self {
            max_wait_secs: 600,
            epoch_margin_secs: 900,
            recovery_share_percent: 10,
        }
    }
}

impl Config {
    /// The keys that pay the gas of claims.
    pub fn relay_keys(&self) -> anyhow::Result<Vec<PrivateKeySigner>> {
        let files = self.keys.relay_files.iter();
        files.map(|file| account_keys::read(file)).collect()
    }

    /// Refuses a database that the service has not made yet: a new one would say that
    /// nothing waits and nobody is known.
    pub fn require_database(&self) -> anyhow::Result<()> {
        let database = &self.service.database;
        anyhow::ensure!(
            database.is_file(),
            "there is no database {}; `annona serve` makes it, or name the right configuration",
            database.display()
        );
        Ok(())
    }

    /// The connections that a process holds which may open `descriptors` files. Where the app is
    /// served, each connection may hold a file of it open.
    pub fn connections(&self, descriptors: u64) -> anyhow::Result<ConnectionLimits> {
        let files_each = if self.service.app_dir.is_some() { 2 } else { 1 };
        self.http.connections(descriptors / files_each)
    }

    /// The load that the service takes on.
    pub fn limits(&self) -> anyhow::Result<ApiLimits> {
        let rate = |per_second, burst| ClientRate { per_second, burst };
        Ok(ApiLimits {
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
            ..ApiLimits::default()
        })
    }

    /// Reads `path` and the environment; relative paths are relative to the file. `others` are
    /// variables under [`PREFIX`] that the program reads by itself.
    ///
    /// # Errors
    /// Names the file or the variable, the value in it, and the values that it can have.
    pub fn load(path: &Path, others: &[String]) -> anyhow::Result<Self> {
        Ok(Self::load_with_origins(path, others)?.0)
    }

    /// Reads as [`Self::load`] does, and tells where each value comes from.
    ///
    /// # Errors
    /// As those of [`Self::load`].
    pub fn load_with_origins(path: &Path, others: &[String]) -> anyhow::Result<(Self, Origins)> {
        Self::load_with(path, &environment::of_process(), others)
    }

    fn load_with(
        path: &Path,
        variables: &[(OsString, OsString)],
        others: &[String],
    ) -> anyhow::Result<(Self, Origins)> {
        if path.as_os_str().is_empty() || !path.exists() {
            anyhow::bail!(
                "there is no configuration file {}; start from deploy/annona.sample.toml",
                path.display()
            );
        }
        let text = annona_files::read_text(path, MAX_FILE_BYTES)?;
        let keys = schema::keys::<Self>();
        let overrides = read_variables(variables, &keys, others)?;
        let source = Source {
            path: path.to_owned(),
            text,
            overrides,
        };
        let file = Figment::from(Toml::string(&source.text));
        let origins = source.origins(&keys, |key| {
            file.contains(&format!("{}.{}", key.section, key.name))
        });
        let figment = file.merge(Overrides(&source.overrides));
        let mut config: Self = figment
            .extract()
            .map_err(|error| refusal(path, &source.objections(error)))?;
        refuse_empty_text(&figment, &keys, &source)?;
        config.resolve(source::folder_of(path));
        anyhow::ensure!(
            !config.keys.relay_files.is_empty(),
            "{}: no key is named, and somebody has to pay the gas of claims",
            source.place("keys", "relay_files")
        );
        anyhow::ensure!(
            config.chain.public_rpc_urls.len() <= MAX_PUBLIC_RPC_URLS,
            "{}: wallets take at most {MAX_PUBLIC_RPC_URLS} endpoints",
            source.place("chain", "public_rpc_urls")
        );
        Ok((config, origins))
    }

    /// Makes relative paths relative to `folder`.
    fn resolve(&mut self, folder: &Path) {
        let (service, keys) = (&mut self.service, &mut self.keys);
        let always = [
            &mut service.database,
            &mut service.deployment,
            &mut keys.sequencer_file,
            &mut keys.receipt_file,
            &mut keys.circuits_folder,
        ];
        let optional = [
            &mut self.enrolment.encoding_key,
            &mut service.gallery,
            &mut service.tree,
            &mut service.app_dir,
        ];
        let files = always
            .into_iter()
            .chain(&mut keys.relay_files)
            .chain(optional.into_iter().flatten());
        for file in files {
            *file = folder.join(&*file);
        }
    }
}

/// Refuses variables under `ANNONA_` that mean nothing: a value that was meant to hold and
/// does not is worse than an error. `others` are those that the program reads by itself.
///
/// # Errors
/// Names each such variable, and the nearest one that there is.
pub fn refuse_unknown_variables(others: &[String]) -> anyhow::Result<()> {
    read_variables(
        &environment::of_process(),
        &schema::keys::<Config>(),
        others,
    )
    .map(drop)
}

/// The variables that set a value, in upper case.
pub fn variables() -> Vec<String> {
    schema::keys::<Config>().iter().map(Key::variable).collect()
}

fn read_variables(
    variables: &[(OsString, OsString)],
    keys: &[Key],
    others: &[String],
) -> anyhow::Result<Vec<Override>> {
    environment::read(variables, keys, others)
        .map_err(|objections| anyhow::anyhow!(objections.join("\n       ")))
}

fn refusal(path: &Path, objections: &[String]) -> anyhow::Error {
    let list = objections.join("\n  ");
    anyhow::anyhow!(
        "the configuration {} cannot be used:\n  {list}",
        path.display()
    )
}

/// An empty name of a file or an address would be understood as some other one.
fn refuse_empty_text(figment: &Figment, keys: &[Key], source: &Source) -> anyhow::Result<()> {
    let is_empty = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let mut objections = Vec::new();
    for key in keys {
        let Ok(value) = figment.find_value(&format!("{}.{}", key.section, key.name)) else {
            continue;
        };
        let elements = value.as_array().unwrap_or_default();
        if is_empty(&value) || elements.iter().any(is_empty) {
            let place = source.place(key.section, key.name);
            objections.push(format!(
                "{place}: it is empty; leave it out, or give it a value"
            ));
        }
    }
    if objections.is_empty() {
        return Ok(());
    }
    Err(refusal(&source.path, &objections))
}

#[cfg(test)]
mod tests;
