//! Rows ⇄ merchants, their secrets sealed.

use super::commit::{balance, set_balance};
use super::fault::{damaged, fault};
use super::rows::{at, fen, get};
use crate::error::LedgerError;
use crate::merchant::{Limits, Merchant};
use crate::seal::{Place, SealKey};
use hongbao_wire::{ApiKey, AppId, Fen, MchId, WorkwxSecret};
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

const COLUMNS: &str = "mch_id, name, appids, api_key, workwx_secret, key_version, packet_min, \
     packet_max, packet_max_with_scene, user_packets_per_day, user_amount_per_day, \
     merchant_amount_per_day, queries_per_second, sends_per_minute, product_enabled, \
     api_send_enabled, address_whitelist, revoked_serials, added_at, balance, version";

const INSERT: &str = "INSERT INTO merchants (mch_id, name, appids, api_key, workwx_secret, \
     key_version, packet_min, packet_max, packet_max_with_scene, user_packets_per_day, \
     user_amount_per_day, merchant_amount_per_day, queries_per_second, sends_per_minute, \
     product_enabled, api_send_enabled, address_whitelist, revoked_serials, added_at, balance, \
     version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, \
     ?17, ?18, ?19, ?20, ?21) ON CONFLICT DO NOTHING";

/// The columns that can change, and the balance and `added_at` as they are given.
const REPLACE: &str = "UPDATE merchants SET name = ?2, appids = ?3, api_key = ?4, \
     workwx_secret = ?5, key_version = ?6, packet_min = ?7, packet_max = ?8, \
     packet_max_with_scene = ?9, user_packets_per_day = ?10, user_amount_per_day = ?11, \
     merchant_amount_per_day = ?12, queries_per_second = ?13, sends_per_minute = ?14, \
     product_enabled = ?15, api_send_enabled = ?16, address_whitelist = ?17, \
     revoked_serials = ?18, added_at = ?19, balance = ?20, version = ?21 WHERE mch_id = ?1";

/// All but `added_at` (`?19`) and the balance (`?20`), which are only named to be left alone.
const UPDATE: &str = "UPDATE merchants SET name = ?2, appids = ?3, api_key = ?4, \
     workwx_secret = ?5, key_version = ?6, packet_min = ?7, packet_max = ?8, \
     packet_max_with_scene = ?9, user_packets_per_day = ?10, user_amount_per_day = ?11, \
     merchant_amount_per_day = ?12, queries_per_second = ?13, sends_per_minute = ?14, \
     product_enabled = ?15, api_send_enabled = ?16, address_whitelist = ?17, \
     revoked_serials = ?18, version = version + 1 \
     WHERE mch_id = ?1 AND version = ?21 AND ?19 IS NOT NULL AND ?20 IS NOT NULL";

pub(super) fn add(
    connection: &Connection,
    key: &SealKey,
    merchant: &Merchant,
) -> Result<(), LedgerError> {
    let first = Merchant { version: 1, ..merchant.clone() };
    match write(connection, key, &first, INSERT)? {
        0 => Err(LedgerError::MerchantExists(merchant.mch_id.to_string())),
        _ => Ok(()),
    }
}

pub(super) fn update(
    connection: &Connection,
    key: &SealKey,
    merchant: &Merchant,
) -> Result<(), LedgerError> {
    match write(connection, key, merchant, UPDATE)? {
        0 => balance(connection, merchant.mch_id.as_str()).and(Err(LedgerError::Conflict)),
        _ => Ok(()),
    }
}

/// Counts a change, where the merchant is listed: whoever keeps anything of it reads it anew.
pub(super) fn touch(connection: &Connection, mch_id: &str) -> Result<(), LedgerError> {
    connection
        .prepare_cached("UPDATE merchants SET version = version + 1 WHERE mch_id = ?1")
        .and_then(|mut s| s.execute([mch_id]))
        .map(drop)
        .map_err(fault)
}

/// Puts a merchant, balance and version included, in the place of what is there.
pub(super) fn put(
    connection: &Connection,
    key: &SealKey,
    merchant: &Merchant,
) -> Result<(), LedgerError> {
    if write(connection, key, merchant, INSERT)? == 0 {
        write(connection, key, merchant, REPLACE)?;
    }
    Ok(())
}

pub(super) fn top_up(
    connection: &Connection,
    mch_id: &str,
    amount: Fen,
) -> Result<Fen, LedgerError> {
    let after = balance(connection, mch_id)?.checked_add(amount).ok_or(LedgerError::Overflow)?;
    set_balance(connection, mch_id, after)?;
    Ok(after)
}

pub(super) fn all(connection: &Connection, key: &SealKey) -> Result<Vec<Merchant>, LedgerError> {
    read(connection, key, &format!("SELECT {COLUMNS} FROM merchants ORDER BY mch_id"), [])
}

pub(super) fn one(
    connection: &Connection,
    key: &SealKey,
    mch_id: &str,
) -> Result<Option<Merchant>, LedgerError> {
    let query = format!("SELECT {COLUMNS} FROM merchants WHERE mch_id = ?1");
    Ok(read(connection, key, &query, [mch_id])?.pop())
}

/// The sum of what each merchant counts: it needs no row that all of them share.
pub(super) fn version(connection: &Connection) -> Result<u64, LedgerError> {
    let sum: Option<i64> = connection
        .prepare_cached("SELECT sum(version) FROM merchants")
        .and_then(|mut s| s.query_row([], |row| row.get(0)).optional())
        .map_err(fault)?
        .flatten();
    u64::try_from(sum.unwrap_or(0)).map_err(|_| damaged("version"))
}

fn write(
    connection: &Connection,
    key: &SealKey,
    merchant: &Merchant,
    statement: &str,
) -> Result<usize, LedgerError> {
    let mch_id = merchant.mch_id.as_str();
    let api_key = key.seal(api_key_of(mch_id), merchant.api_key.expose())?;
    let workwx_secret = key.seal(workwx_secret_of(mch_id), merchant.workwx_secret.expose())?;
    let limits = &merchant.limits;
    let values = params![
        mch_id,
        &*merchant.name,
        list(merchant.appids.iter().map(AppId::as_str))?,
        api_key,
        workwx_secret,
        merchant.key_version,
        limits.packet_min.as_i64(),
        limits.packet_max.as_i64(),
        limits.packet_max_with_scene.as_i64(),
        limits.user_packets_per_day,
        limits.user_amount_per_day.as_i64(),
        limits.merchant_amount_per_day.as_i64(),
        limits.queries_per_second,
        limits.sends_per_minute,
        merchant.product_enabled,
        merchant.api_send_enabled,
        list(merchant.address_whitelist.iter().map(|address| &**address))?,
        list(merchant.revoked_serials.iter().map(|serial| &**serial))?,
        merchant.added_at.as_millisecond(),
        merchant.balance.as_i64(),
        i64::try_from(merchant.version).map_err(|_| LedgerError::Conflict)?,
    ];
    connection.prepare_cached(statement).and_then(|mut s| s.execute(values)).map_err(fault)
}

fn read(
    connection: &Connection,
    key: &SealKey,
    query: &str,
    values: impl Params,
) -> Result<Vec<Merchant>, LedgerError> {
    let mut statement = connection.prepare_cached(query).map_err(fault)?;
    let mut rows = statement.query(values).map_err(fault)?;
    let mut merchants = Vec::new();
    while let Some(row) = rows.next().map_err(fault)? {
        merchants.push(merchant(row, key)?);
    }
    Ok(merchants)
}

/// Reads the columns of [`COLUMNS`].
fn merchant(row: &Row<'_>, key: &SealKey) -> Result<Merchant, LedgerError> {
    let mch_id: String = get(row, 0)?;
    let api_key = key.open(api_key_of(&mch_id), &get::<Vec<u8>>(row, 3)?)?;
    let workwx_secret = key.open(workwx_secret_of(&mch_id), &get::<Vec<u8>>(row, 4)?)?;
    Ok(Merchant {
        name: get::<String>(row, 1)?.into(),
        appids: texts(row, 2)?.into_iter().map(AppId::from).collect(),
        api_key: ApiKey::new(api_key),
        workwx_secret: WorkwxSecret::new(workwx_secret),
        key_version: get(row, 5)?,
        limits: Limits {
            packet_min: fen(row, 6)?,
            packet_max: fen(row, 7)?,
            packet_max_with_scene: fen(row, 8)?,
            user_packets_per_day: get(row, 9)?,
            user_amount_per_day: fen(row, 10)?,
            merchant_amount_per_day: fen(row, 11)?,
            queries_per_second: get(row, 12)?,
            sends_per_minute: get(row, 13)?,
        },
        product_enabled: get(row, 14)?,
        api_send_enabled: get(row, 15)?,
        address_whitelist: texts(row, 16)?.into_iter().map(Into::into).collect(),
        revoked_serials: texts(row, 17)?.into_iter().map(Into::into).collect(),
        added_at: at(row, 18)?,
        balance: fen(row, 19)?,
        version: u64::try_from(get::<i64>(row, 20)?).map_err(|_| damaged("version"))?,
        mch_id: MchId::from(mch_id),
    })
}

const fn api_key_of(mch_id: &str) -> Place<'_> {
    Place { column: "api_key", mch_id }
}

const fn workwx_secret_of(mch_id: &str) -> Place<'_> {
    Place { column: "workwx_secret", mch_id }
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Result<String, LedgerError> {
    serde_json::to_string(&texts.collect::<Vec<_>>())
        .map_err(|e| LedgerError::Storage(e.to_string()))
}

fn texts(row: &Row<'_>, column: usize) -> Result<Vec<String>, LedgerError> {
    serde_json::from_str(&get::<String>(row, column)?).map_err(|_| damaged("a list of texts"))
}
