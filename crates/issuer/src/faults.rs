//! The rules in force: which call is hit, how often, across restarts.
//!
//! Where one process works on the ledger, it counts in memory and writes when a call is hit. Where
//! several do, every call that a rule matches is counted in the ledger, so that what happens `times`
//! times does so among all of them.

use crate::error::IssuerError;
use crate::fault::{Fault, FaultRule, On};
use crate::issuer::ATTEMPTS_MAX;
use crate::seeded;
use hongbao_ledger::{Ledger, LedgerError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use tokio::sync::Mutex;

/// The setting of the ledger that holds the rules, as JSON.
const SETTING: &str = "issuer.faults";
/// The most rules at once.
const RULES_MAX: usize = 1_000;
/// The most packets that one `not_found_first` rule counts; later ones are answered.
const COUNTED_MAX: usize = 1_000;

/// A rule and how far it got.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Active {
    rule: FaultRule,
    /// Matching calls so far: the next is number `matched`.
    matched: u64,
    /// Hits so far.
    hits: u32,
    /// `not_found_first`: queries of each packet so far.
    #[serde(default)]
    queries: BTreeMap<String, u32>,
}

/// All rules, in the order that they are tried.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: RwLock<Vec<Active>>,
    /// Whether there are rules at all: what every call without faults pays.
    any: AtomicBool,
    /// Held while the rules are written, so that an older state never follows a newer one.
    writing: Mutex<()>,
    /// Whether other processes change the rules too.
    is_shared: bool,
}

impl Faults {
    /// The rules as the ledger's setting holds them.
    pub(crate) async fn load(ledger: &dyn Ledger, is_shared: bool) -> Result<Self, IssuerError> {
        let faults = Self { is_shared, ..Self::default() };
        faults.refresh(ledger).await?;
        Ok(faults)
    }

    /// Takes over what the ledger's setting holds by now.
    pub(crate) async fn refresh(&self, ledger: &dyn Ledger) -> Result<(), IssuerError> {
        let _turn = self.writing.lock().await;
        let rules = rules_of(ledger.setting(SETTING).await?.as_deref())?;
        self.change(|in_force| *in_force = rules);
        Ok(())
    }

    /// Whether no rule is in force.
    pub(crate) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    /// The rules.
    pub(crate) fn list(&self) -> Vec<FaultRule> {
        self.read(|rules| rules.iter().map(|active| active.rule.clone()).collect())
    }

    /// Adds a rule; returns it with its id.
    pub(crate) async fn add(
        &self,
        ledger: &dyn Ledger,
        rule: FaultRule,
    ) -> Result<FaultRule, IssuerError> {
        rule.check().map_err(IssuerError::BadFault)?;
        self.edit(ledger, |rules| add(rules, rule.clone())).await
    }

    /// Takes one rule away, or all; returns how many went.
    pub(crate) async fn clear(
        &self,
        ledger: &dyn Ledger,
        id: Option<&str>,
    ) -> Result<usize, IssuerError> {
        let clear = |rules: &mut Vec<Active>| {
            let before = rules.len();
            rules.retain(|active| id.is_some_and(|id| active.rule.id.as_deref() != Some(id)));
            Ok(before - rules.len())
        };
        self.edit(ledger, clear).await
    }

    /// Edits the rules: first in the ledger, then, once they are kept there, in force. Calls
    /// that are counted in between count on in force.
    async fn edit<T>(
        &self,
        ledger: &dyn Ledger,
        edit: impl Fn(&mut Vec<Active>) -> Result<T, IssuerError>,
    ) -> Result<T, IssuerError> {
        if self.is_shared {
            return self.edit_shared(ledger, edit).await;
        }
        let _turn = self.writing.lock().await;
        let mut edited = self.read(<[Active]>::to_vec);
        edit(&mut edited)?;
        keep(ledger, &edited).await?;
        self.change(edit)
    }

    /// Edits the rules as the ledger has them, until no other process was quicker.
    async fn edit_shared<T>(
        &self,
        ledger: &dyn Ledger,
        edit: impl Fn(&mut Vec<Active>) -> Result<T, IssuerError>,
    ) -> Result<T, IssuerError> {
        let _turn = self.writing.lock().await;
        for _ in 0..ATTEMPTS_MAX {
            let was = ledger.setting(SETTING).await?;
            let mut rules = rules_of(was.as_deref())?;
            let edited = edit(&mut rules)?;
            let json = json_of(&rules)?;
            let kept = if was.as_deref() == Some(&*json) {
                Ok(())
            } else {
                ledger.replace_setting(SETTING, was.as_deref(), &json).await
            };
            match kept {
                Ok(()) => {
                    self.change(|in_force| *in_force = rules);
                    return Ok(edited);
                }
                Err(LedgerError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(LedgerError::Conflict.into())
    }

    /// The rule that hits this call, if any: the first that matches and rolls a hit.
    pub(crate) async fn draw(
        &self,
        ledger: &dyn Ledger,
        call: On,
        mch_id: &str,
        mch_billno: &str,
    ) -> Option<FaultRule> {
        if self.is_empty() {
            return None;
        }
        let draw = |rules: &mut Vec<Active>| {
            let mut matching =
                rules.iter_mut().filter(|active| active.rule.matches(call, mch_id, mch_billno));
            matching.find_map(|active| active.hits(mch_id, mch_billno).then(|| active.rule.clone()))
        };
        if self.is_shared {
            let drawn = self.edit_shared(ledger, |rules| Ok(draw(rules))).await;
            return drawn.unwrap_or_else(|error| {
                tracing::warn!(%error, "no fault was drawn, as the rules could not be counted");
                None
            });
        }
        let hit = self.change(draw)?;
        let _turn = self.writing.lock().await;
        let counted = self.read(<[Active]>::to_vec);
        if let Err(error) = keep(ledger, &counted).await {
            tracing::warn!(%error, "a fault's count could not be kept");
        }
        Some(hit)
    }

    fn read<T>(&self, look: impl FnOnce(&[Active]) -> T) -> T {
        look(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Active>) -> T) -> T {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut rules);
        self.any.store(!rules.is_empty(), Ordering::Release);
        result
    }
}

impl Active {
    /// Counts a matching call, and whether it is hit.
    fn hits(&mut self, mch_id: &str, mch_billno: &str) -> bool {
        if self.rule.times.is_some_and(|times| self.hits >= times) {
            return false;
        }
        if self.rule.fault == Fault::NotFoundFirst && !self.is_early(mch_id, mch_billno) {
            return false;
        }
        let hit = rolls(&self.rule, self.matched);
        self.matched += 1;
        self.hits += u32::from(hit);
        hit
    }

    /// Whether this is one of the first queries of the packet, which it counts.
    fn is_early(&mut self, mch_id: &str, mch_billno: &str) -> bool {
        let first = self.rule.first.or(self.rule.times).unwrap_or(1);
        let packet = format!("{mch_id}/{mch_billno}");
        if self.queries.len() >= COUNTED_MAX && !self.queries.contains_key(&packet) {
            return false;
        }
        let queries = self.queries.entry(packet).or_default();
        *queries = queries.saturating_add(1);
        *queries <= first
    }
}

/// Whether the n-th matching call is hit: follows from the seed, the id and n alone.
#[expect(clippy::float_arithmetic, reason = "a probability, not money")]
fn rolls(rule: &FaultRule, n: u64) -> bool {
    const STEPS: u64 = 1 << 53;
    let id = rule.id.as_deref().unwrap_or_default();
    let roll = seeded::number(rule.seed, &["fault", id, &n.to_string()]) % STEPS;
    roll < (rule.probability * STEPS as f64) as u64
}

async fn keep(ledger: &dyn Ledger, rules: &[Active]) -> Result<(), IssuerError> {
    Ok(ledger.set_setting(SETTING, &json_of(rules)?).await?)
}

fn json_of(rules: &[Active]) -> Result<String, IssuerError> {
    serde_json::to_string(rules).map_err(|_| IssuerError::BadSetting(SETTING))
}

fn rules_of(json: Option<&str>) -> Result<Vec<Active>, IssuerError> {
    let Some(json) = json else { return Ok(Vec::new()) };
    serde_json::from_str(json).map_err(|_| IssuerError::BadSetting(SETTING))
}

fn add(rules: &mut Vec<Active>, mut rule: FaultRule) -> Result<FaultRule, IssuerError> {
    if rules.len() >= RULES_MAX {
        return Err(IssuerError::BadFault(format!("there are {RULES_MAX} already")));
    }
    let id = rule.id.take().unwrap_or_else(|| free_id(rules));
    if rules.iter().any(|active| active.rule.id.as_deref() == Some(&*id)) {
        return Err(IssuerError::BadFault(format!("`{id}` is there already")));
    }
    rule.id = Some(id);
    rules.push(Active { rule: rule.clone(), matched: 0, hits: 0, queries: BTreeMap::new() });
    Ok(rule)
}

fn free_id(rules: &[Active]) -> String {
    let taken = |id: &str| rules.iter().any(|active| active.rule.id.as_deref() == Some(id));
    let mut ids = (1_usize..).map(|n| format!("fault-{n}"));
    ids.find(|id| !taken(id)).unwrap_or_default()
}
