//! `hongbao sandbox`: moves time and packets of a running server, and sets faults.

use crate::admin::Admin;
use crate::args::{
    FaultAddArgs, FaultCommand, FindingsArgs, PacketArgs, ReasonArgs, SandboxArgs, SandboxCommand,
    TopUpArgs,
};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::run_file::RunFile;
use crate::say;
use hongbao_wire::Fen;
use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde_json::{Map, Value, json};
use std::path::Path;

/// The folder that `hongbao serve` takes where it is told no other.
const USUAL_DIR: &str = "hongbao-data";
/// The admin listener of a server whose configuration names no other.
const USUAL_ADMIN: &str = "http://127.0.0.1:8080";

/// Runs it.
///
/// # Errors
/// `ADMIN_UNREACHABLE` (exit 7); what the server refuses (exit 9).
pub async fn run(args: &SandboxArgs, out: &mut Output) -> Result<Exit, Failure> {
    let admin = Admin::new(&admin_url(args)?)?;
    match &args.command {
        SandboxCommand::Show(args) => {
            let answer = admin.get(&["sandbox"], &[]).await?;
            let shown =
                say!("sandbox-now", mode = text(&answer, "mode"), now = text(&answer, "now"));
            print(out, args.json, &answer, &shown);
        }
        SandboxCommand::Advance(args) => {
            let answer = admin.post(&["sandbox", "advance"], &json!({ "by": args.by })).await?;
            let moved = answer["moved"].as_u64().unwrap_or_default();
            let shown = say!("sandbox-advanced", now = text(&answer, "now"), moved = moved);
            print(out, args.json, &answer, &shown);
        }
        SandboxCommand::Deliver(args) => trigger(&admin, "deliver", args, None, out).await?,
        SandboxCommand::Receive(args) => trigger(&admin, "receive", args, None, out).await?,
        SandboxCommand::Expire(args) => trigger(&admin, "expire", args, None, out).await?,
        SandboxCommand::Refund(args) => trigger(&admin, "refund", args, None, out).await?,
        SandboxCommand::Refuse(args) => trigger_with(&admin, "refuse", args, out).await?,
        SandboxCommand::Fail(args) => trigger_with(&admin, "fail", args, out).await?,
        SandboxCommand::TopUp(args) => top_up(&admin, args, out).await?,
        SandboxCommand::Fault(command) => fault(&admin, command, out).await?,
        SandboxCommand::Findings(args) => findings(&admin, args, out).await?,
    }
    Ok(Exit::Ok)
}

/// Where to ask: as was said, else the server that runs in the usual folder, else the usual
/// address.
fn admin_url(args: &SandboxArgs) -> Result<String, Failure> {
    match (&args.admin, &args.dir) {
        (Some(url), _) => Ok(url.clone()),
        (None, Some(dir)) => Ok(RunFile::of_running(dir)?.admin),
        (None, None) => Ok(RunFile::of_running(Path::new(USUAL_DIR))
            .map_or_else(|_| USUAL_ADMIN.to_owned(), |run| run.admin)),
    }
}

async fn trigger_with(
    admin: &Admin,
    word: &str,
    args: &ReasonArgs,
    out: &mut Output,
) -> Result<(), Failure> {
    trigger(admin, word, &args.packet, args.reason.as_deref(), out).await
}

async fn trigger(
    admin: &Admin,
    word: &str,
    args: &PacketArgs,
    reason: Option<&str>,
    out: &mut Output,
) -> Result<(), Failure> {
    let body = reason.map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
    let answer = admin.post(&["packets", &args.mch_id, &args.billno, word], &body).await?;
    let packet = &answer["packet"];
    let status = packet["status"].as_str().unwrap_or("NOT_FOUND");
    let shown = match packet["reason"].as_str() {
        Some(reason) => {
            say!("sandbox-packet-reason", billno = args.billno, status = status, reason = reason)
        }
        None => say!("sandbox-packet", billno = args.billno, status = status),
    };
    print(out, args.json, packet, &shown);
    Ok(())
}

async fn top_up(admin: &Admin, args: &TopUpArgs, out: &mut Output) -> Result<(), Failure> {
    let body = json!({ "amount_fen": args.amount.get() });
    let answer = admin.post(&["merchants", &args.mch_id, "top-up"], &body).await?;
    let balance = yuan(&answer["balance"]);
    print(out, args.json, &answer, &say!("sandbox-balance", mch_id = args.mch_id, yuan = balance));
    Ok(())
}

async fn fault(admin: &Admin, command: &FaultCommand, out: &mut Output) -> Result<(), Failure> {
    match command {
        FaultCommand::Add(args) => {
            let answer = admin.post(&["sandbox", "faults"], &rule(args)?).await?;
            let fault = &answer["fault"];
            print(out, args.json, fault, &say!("sandbox-fault-set", fault = fault_line(fault)));
        }
        FaultCommand::List(args) => {
            let answer = admin.get(&["sandbox", "faults"], &[]).await?;
            let faults = list(&answer, "faults");
            for fault in faults {
                print(out, args.json, fault, &fault_line(fault));
            }
            if faults.is_empty() {
                out.talk(say!("sandbox-no-faults"));
            }
        }
        FaultCommand::Clear(args) => {
            let answer = match &args.id {
                Some(id) => admin.delete(&["sandbox", "faults", id]).await?,
                None => admin.delete(&["sandbox", "faults"]).await?,
            };
            let removed = answer["removed"].as_u64().unwrap_or_default();
            out.talk(say!("sandbox-faults-cleared", count = removed));
        }
    }
    Ok(())
}

/// The rule as the admin listener takes it: only what was said.
fn rule(args: &FaultAddArgs) -> Result<Value, Failure> {
    let mut rule = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            rule.insert(name.to_owned(), value);
        }
    };
    set("fault", Some(args.fault.as_snake().into()));
    set("on", Some(args.on.as_str().into()));
    set("probability", Some(args.probability.into()));
    set("mch_id", args.mch_id.clone().map(Value::from));
    set("mch_billno", args.billno.clone().map(Value::from));
    set("seed", args.seed.map(Value::from));
    set("times", args.times.map(Value::from));
    set("err_code", args.err_code.clone().map(Value::from));
    set("status", args.status.clone().map(Value::from));
    let delay_ms = args.delay.as_deref().map(milliseconds).transpose()?;
    set("delay_ms", delay_ms.map(Value::from));
    set("first", args.first.map(Value::from));
    set("stored", args.stored.map(Value::from));
    Ok(Value::Object(rule))
}

fn milliseconds(text: &str) -> Result<u64, Failure> {
    let duration =
        text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    duration
        .ok()
        .map(|duration: SignedDuration| duration.as_millis())
        .and_then(|ms| u64::try_from(ms).ok())
        .ok_or_else(|| {
            Failure::usage("USAGE", say!("sandbox-bad-delay", text = text))
                .hint(say!("sandbox-bad-delay-hint"))
        })
}

async fn findings(admin: &Admin, args: &FindingsArgs, out: &mut Output) -> Result<(), Failure> {
    let query: Vec<_> = args.mch_id.iter().map(|mch_id| ("mch_id", mch_id.as_str())).collect();
    let answer = admin.get(&["sandbox", "findings"], &query).await?;
    let findings = list(&answer, "findings");
    for finding in findings {
        let shown = say!(
            "sandbox-finding",
            at = text(finding, "at"),
            mch_id = text(finding, "mch_id"),
            first = text(finding, "first_billno"),
            second = text(finding, "second_billno"),
            told = text(finding, "told"),
            yuan = yuan(&finding["total_amount"]),
        );
        print(out, args.json, finding, &shown);
    }
    if findings.is_empty() {
        out.talk(say!("sandbox-no-findings"));
    }
    Ok(())
}

/// A fault on one line: its id, itself, and what narrows it.
fn fault_line(fault: &Value) -> String {
    let mut line = format!("{}  {}", text(fault, "id"), text(fault, "fault"));
    let rest = fault.as_object().into_iter().flatten();
    for (name, value) in rest.filter(|(name, _)| *name != "id" && *name != "fault") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line.push_str(&format!("  {name}={value}"));
    }
    line
}

fn print(out: &mut Output, json: bool, value: &Value, shown: &str) {
    if json { out.json(value) } else { out.data(shown) }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn yuan(fen: &Value) -> String {
    fen.as_u64().and_then(Fen::new).map(Fen::to_yuan).unwrap_or_default()
}
