//! One row of a bill.

use hongbao_wire::Fen;
use jiff::Timestamp;

/// What the names of a red packet's business have in common. WeChat Pay publishes no list of them,
/// and says that they may change.
const RED_PACKET: &str = "红包";

/// Amounts of one direction that are told apart. One that differs is among the first two.
const AMOUNTS_MAX: usize = 16;

/// Which way money went, seen from the merchant's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// 支出: it left.
    Out,
    /// 收入: it came.
    In,
}

impl Direction {
    /// Reads the bill's word; `None` for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "支出" => Some(Self::Out),
            "收入" => Some(Self::In),
            _ => None,
        }
    }
}

/// A movement of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// 记账时间: when the account changed.
    pub booked_at: Timestamp,
    /// 微信支付业务单号: WeChat's number of the transaction, such as a packet's `detail_id`.
    pub transaction: Box<str>,
    /// 资金流水单号: what names this movement.
    pub flow: Box<str>,
    /// 业务名称 and 业务类型, for people.
    pub business: Box<str>,
    /// 收支类型.
    pub direction: Direction,
    /// 收支金额, fen.
    pub amount: Fen,
    /// 业务凭证号: the merchant's number, as a rule.
    pub voucher: Box<str>,
    /// Which of the bills, from 0.
    pub bill: u32,
    /// The line of the bill, from 1.
    pub line: u64,
}

impl Movement {
    /// Whether its business says that it is a red packet's.
    #[must_use]
    pub fn is_of_a_red_packet(&self) -> bool {
        self.business.contains(RED_PACKET)
    }

    /// Whether both are the same movement, told by two bills.
    #[must_use]
    pub fn is_again(&self, other: &Self) -> bool {
        !self.flow.is_empty() && self.flow == other.flow && self.direction == other.direction
    }
}

/// What the movements of one packet come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// Movements that left.
    pub outs: u64,
    /// What left, fen.
    pub out: u64,
    /// Movements that came.
    pub ins: u64,
    /// What came, fen.
    pub back: u64,
    /// The amounts that left, each once; the first 16.
    pub out_amounts: Vec<Fen>,
    /// The amounts that came, each once; the first 16.
    pub in_amounts: Vec<Fen>,
    /// When the first left.
    pub out_at: Option<Timestamp>,
    /// When the first came.
    pub in_at: Option<Timestamp>,
}

impl Flows {
    /// The sums of `movements`; a sum beyond all money stays at the most.
    #[must_use]
    pub fn of(movements: &[Movement]) -> Self {
        let mut flows = Self::default();
        movements.iter().for_each(|movement| flows.add(movement));
        flows
    }

    /// Adds one; in memory of fixed size.
    pub fn add(&mut self, movement: &Movement) {
        let (count, sum, amounts, at) = match movement.direction {
            Direction::Out => {
                (&mut self.outs, &mut self.out, &mut self.out_amounts, &mut self.out_at)
            }
            Direction::In => (&mut self.ins, &mut self.back, &mut self.in_amounts, &mut self.in_at),
        };
        *count += 1;
        *sum = sum.saturating_add(movement.amount.get());
        if amounts.len() < AMOUNTS_MAX && !amounts.contains(&movement.amount) {
            amounts.push(movement.amount);
        }
        *at = Some(at.map_or(movement.booked_at, |at| at.min(movement.booked_at)));
    }
}
