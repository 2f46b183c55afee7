//! The scripts, each with the part they share in front.

use std::sync::LazyLock;

use fred::bytes_utils::Str;

/// A script and the name the server knows it by.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) source: Str,
    pub(super) sha: Str,
}

macro_rules! script {
    ($file:literal) => {
        LazyLock::new(|| Script::new(concat!(include_str!("scripts/common.lua"), include_str!($file))))
    };
}

pub(super) static LEASE: LazyLock<Script> = script!("scripts/lease.lua");
pub(super) static FILL: LazyLock<Script> = script!("scripts/fill.lua");
pub(super) static RELEASE: LazyLock<Script> = script!("scripts/release.lua");
pub(super) static FENCE: LazyLock<Script> = script!("scripts/fence.lua");
pub(super) static RENEW: LazyLock<Script> = script!("scripts/renew.lua");
pub(super) static FINISH: LazyLock<Script> = script!("scripts/finish.lua");
pub(super) static INVALIDATE: LazyLock<Script> = script!("scripts/invalidate.lua");

impl Script {
    fn new(source: &'static str) -> Self {
        Self { source: Str::from_static(source), sha: fred::util::sha1_hash(source).into() }
    }
}
