//! Rows ⇄ merchants, their secrets sealed.

use super::commit::{BALANCE, SET_BALANCE};
use super::door::{Connection, Door, Value};
use super::fault::{Fault, Kind, Outcome, damaged};
use super::retry::Tries;
use super::rows::{at, fen, get, ms, number, signed, small, text};
use super::text::Text;
use crate::error::LedgerError;
use crate::merchant::{Limits, Merchant};
use crate::seal::{Place, SealKey};
use hongbao_wire::{ApiKey, AppId, Fen, MchId, WorkwxSecret};
use std::sync::LazyLock;
use tokio_postgres::Row;

const COLUMNS: &str = "mch_id, name, appids, api_key, workwx_secret, key_version, packet_min, \
     packet_max, packet_max_with_scene, user_packets_per_day, user_amount_per_day, \
     merchant_amount_per_day, queries_per_second, sends_per_minute, product_enabled, \
     api_send_enabled, address_whitelist, revoked_serials, added_at, balance, version";

const VALUES: &str = "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
     $16, $17, $18, $19, $20, $21)";

/// All but `added_at` ($19) and the balance ($20), which are only named to be left alone.
const UPDATE: &str = "UPDATE merchants SET name = $2, appids = $3, api_key = $4, \
     workwx_secret = $5, key_version = $6, packet_min = $7, packet_max = $8, \
     packet_max_with_scene = $9, user_packets_per_day = $10, user_amount_per_day = $11, \
     merchant_amount_per_day = $12, queries_per_second = $13, sends_per_minute = $14, \
     product_enabled = $15, api_send_enabled = $16, address_whitelist = $17, \
     revoked_serials = $18, version = version + 1 \
     WHERE mch_id = $1 AND version = $21 AND $19::bigint IS NOT NULL AND $20::bigint IS NOT NULL";

static ALL: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {COLUMNS} FROM merchants ORDER BY mch_id"));
static ONE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {COLUMNS} FROM merchants WHERE mch_id = $1"));
static ADD: LazyLock<String> = LazyLock::new(|| {
    format!("INSERT INTO merchants ({COLUMNS}) {VALUES} ON CONFLICT (mch_id) DO NOTHING")
});
/// Writes a merchant as it is, balance and version included.
static PUT: LazyLock<String> = LazyLock::new(|| {
    let set: Vec<String> = COLUMNS
        .split(", ")
        .map(str::trim)
        .skip(1)
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    format!(
        "INSERT INTO merchants ({COLUMNS}) {VALUES} ON CONFLICT (mch_id) DO UPDATE SET {}",
        set.join(", ")
    )
});

pub(super) async fn add(
    door: &Door,
    key: &SealKey,
    merchant: &Merchant,
) -> Result<(), LedgerError> {
    let first = Merchant { version: 1, ..merchant.clone() };
    match write(door, key, &first, &ADD).await? {
        0 => Err(LedgerError::MerchantExists(merchant.mch_id.to_string())),
        _ => Ok(()),
    }
}

pub(super) async fn update(
    door: &Door,
    key: &SealKey,
    merchant: &Merchant,
) -> Result<(), LedgerError> {
    match write(door, key, merchant, UPDATE).await? {
        0 => match one(door, key, merchant.mch_id.as_str()).await? {
            None => Err(LedgerError::NoMerchant(merchant.mch_id.to_string())),
            Some(_) => Err(LedgerError::Conflict),
        },
        _ => Ok(()),
    }
}

/// Adds to a balance. Not tried again once it may have been done.
pub(super) async fn top_up(door: &Door, mch_id: &str, amount: Fen) -> Result<Fen, LedgerError> {
    let mut tries = Tries::default();
    loop {
        match add_to_balance(door, mch_id, amount).await {
            Err(Fault { kind: Kind::Clash, .. }) if tries.again().await => {}
            outcome => return Ok(outcome?),
        }
    }
}

async fn add_to_balance(door: &Door, mch_id: &str, amount: Fen) -> Outcome<Fen> {
    let connection = door.connection().await?;
    connection.run("BEGIN").await?;
    let row = connection.row(BALANCE, &[&Text(mch_id)]).await?;
    let after = row
        .ok_or_else(|| LedgerError::NoMerchant(mch_id.to_owned()))
        .and_then(|row| fen(&row, 0))
        .and_then(|before| before.checked_add(amount).ok_or(LedgerError::Overflow));
    let Ok(after) = after else {
        connection.run("ROLLBACK").await?;
        connection.give_back();
        return Ok(after?);
    };
    connection.execute(SET_BALANCE, &[&Text(mch_id), &after.as_i64()]).await?;
    connection.run("COMMIT").await?;
    connection.give_back();
    Ok(after)
}

pub(super) async fn all(door: &Door, key: &SealKey) -> Result<Vec<Merchant>, LedgerError> {
    door.all(&ALL, &[], |row| merchant(row, key)).await
}

pub(super) async fn one(
    door: &Door,
    key: &SealKey,
    mch_id: &str,
) -> Result<Option<Merchant>, LedgerError> {
    door.one(&ONE, &[&Text(mch_id)], |row| merchant(row, key)).await
}

/// The same, inside a transaction.
pub(super) async fn one_in(
    connection: &Connection,
    key: &SealKey,
    mch_id: &str,
) -> Outcome<Option<Merchant>> {
    let row = connection.row(&ONE, &[&Text(mch_id)]).await?;
    Ok(row.map(|row| merchant(&row, key)).transpose()?)
}

/// The sum of what each merchant counts: it needs no row that all of them share.
pub(super) async fn version(door: &Door) -> Result<u64, LedgerError> {
    let query = "SELECT coalesce(sum(version), 0)::bigint FROM merchants";
    Ok(door.one(query, &[], |row| number(row, 0)).await?.unwrap_or_default())
}

/// Writes a merchant inside a transaction, whatever is there.
pub(super) async fn put(
    connection: &Connection,
    key: &SealKey,
    merchant: &Merchant,
) -> Outcome<()> {
    let columns = Columns::new(key, merchant)?;
    connection.execute(&PUT, &columns.values(merchant)).await.map(drop)
}

async fn write(
    door: &Door,
    key: &SealKey,
    merchant: &Merchant,
    statement: &str,
) -> Result<u64, LedgerError> {
    let columns = Columns::new(key, merchant)?;
    Ok(door.change(statement, &columns.values(merchant)).await?)
}

/// What the columns are set to, where it is not a part of the merchant as it is.
struct Columns<'m> {
    mch_id: Text<'m>,
    name: Text<'m>,
    lists: [String; 3],
    secrets: [Vec<u8>; 2],
    numbers: [i64; 12],
}

impl<'m> Columns<'m> {
    fn new(key: &SealKey, merchant: &'m Merchant) -> Result<Self, LedgerError> {
        let mch_id = merchant.mch_id.as_str();
        let limits = &merchant.limits;
        Ok(Self {
            mch_id: Text(mch_id),
            name: Text(&merchant.name),
            lists: [
                list(merchant.appids.iter().map(AppId::as_str))?,
                list(merchant.address_whitelist.iter().map(|address| &**address))?,
                list(merchant.revoked_serials.iter().map(|serial| &**serial))?,
            ],
            secrets: [
                key.seal(api_key_of(mch_id), merchant.api_key.expose())?,
                key.seal(workwx_secret_of(mch_id), merchant.workwx_secret.expose())?,
            ],
            numbers: [
                merchant.key_version.into(),
                limits.packet_min.as_i64(),
                limits.packet_max.as_i64(),
                limits.packet_max_with_scene.as_i64(),
                limits.user_packets_per_day.into(),
                limits.user_amount_per_day.as_i64(),
                limits.merchant_amount_per_day.as_i64(),
                limits.queries_per_second.into(),
                limits.sends_per_minute.into(),
                ms(merchant.added_at),
                merchant.balance.as_i64(),
                signed(merchant.version)?,
            ],
        })
    }

    /// In the order of [`COLUMNS`].
    fn values<'v>(&'v self, merchant: &'v Merchant) -> [Value<'v>; 21] {
        let [appids, whitelist, serials] = &self.lists;
        let [api_key, workwx_secret] = &self.secrets;
        let [key_version, l1, l2, l3, l4, l5, l6, l7, l8, added_at, balance, version] =
            &self.numbers;
        [
            &self.mch_id,
            &self.name,
            appids,
            api_key,
            workwx_secret,
            key_version,
            l1,
            l2,
            l3,
            l4,
            l5,
            l6,
            l7,
            l8,
            &merchant.product_enabled,
            &merchant.api_send_enabled,
            whitelist,
            serials,
            added_at,
            balance,
            version,
        ]
    }
}

/// Reads the columns of [`COLUMNS`].
fn merchant(row: &Row, key: &SealKey) -> Result<Merchant, LedgerError> {
    let mch_id = text(row, 0)?;
    let api_key = key.open(api_key_of(&mch_id), get(row, 3)?)?;
    let workwx_secret = key.open(workwx_secret_of(&mch_id), get(row, 4)?)?;
    Ok(Merchant {
        name: text(row, 1)?,
        appids: texts(row, 2)?.into_iter().map(AppId::from).collect(),
        api_key: ApiKey::new(api_key),
        workwx_secret: WorkwxSecret::new(workwx_secret),
        key_version: small(row, 5)?,
        limits: Limits {
            packet_min: fen(row, 6)?,
            packet_max: fen(row, 7)?,
            packet_max_with_scene: fen(row, 8)?,
            user_packets_per_day: small(row, 9)?,
            user_amount_per_day: fen(row, 10)?,
            merchant_amount_per_day: fen(row, 11)?,
            queries_per_second: small(row, 12)?,
            sends_per_minute: small(row, 13)?,
        },
        product_enabled: get(row, 14)?,
        api_send_enabled: get(row, 15)?,
        address_whitelist: texts(row, 16)?.into_iter().map(Into::into).collect(),
        revoked_serials: texts(row, 17)?.into_iter().map(Into::into).collect(),
        added_at: at(row, 18)?,
        balance: fen(row, 19)?,
        version: number(row, 20)?,
        mch_id: MchId::from(mch_id.into_string()),
    })
}

const fn api_key_of(mch_id: &str) -> Place<'_> {
    Place { column: "api_key", mch_id }
}

const fn workwx_secret_of(mch_id: &str) -> Place<'_> {
    Place { column: "workwx_secret", mch_id }
}

/// JSON, which writes U+0000 as an escape.
fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Result<String, LedgerError> {
    serde_json::to_string(&texts.collect::<Vec<_>>())
        .map_err(|e| LedgerError::Storage(e.to_string()))
}

fn texts(row: &Row, column: usize) -> Result<Vec<String>, LedgerError> {
    serde_json::from_str(get(row, column)?).map_err(|_| damaged("a list of texts"))
}
