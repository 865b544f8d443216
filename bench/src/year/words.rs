//! What stands in packets for people to read.

use jiff::Timestamp;

pub const REASON: &str = "该用户今日领取红包个数超过限制，发放失败";
pub const SENDERS: [&str; 8] =
    ["市场部", "王小明", "人力资源部", "门店运营中心", "李娜", "客户服务中心", "陈经理", "财务部"];
pub const COMPANIES: [&str; 10] = [
    "南山零售集团有限公司",
    "江畔物流股份有限公司",
    "青禾餐饮管理有限公司",
    "海棠教育科技有限公司",
    "云麓软件有限公司",
    "北川制造有限公司",
    "鹭岛旅行社有限公司",
    "长风保险经纪有限公司",
    "晨光医药连锁有限公司",
    "双桥物业服务有限公司",
];

/// An activity.
#[derive(Clone, Copy)]
pub struct Act {
    pub name: &'static str,
    pub wishing: &'static str,
    pub remark: &'static str,
}

const fn new(name: &'static str, wishing: &'static str, remark: &'static str) -> Act {
    Act { name, wishing, remark }
}

/// What a merchant does all year.
const STANDING: [Act; 6] = [
    new("会员日返现", "感谢一路同行，祝天天好心情", "会员日返现，详情见公众号"),
    new("员工激励", "辛苦了，再接再厉", "月度之星奖励"),
    new("推荐有礼", "好友已下单，奖励请收好", "老带新活动奖励"),
    new("问卷答谢", "感谢参与调研", "满意度问卷答谢，每人限领一次"),
    new("生日祝福", "生日快乐，平安喜乐", "员工生日福利"),
    new("签到抽奖", "恭喜中奖", "连续签到七天抽奖"),
];

/// What is on in a month.
const SEASONS: [Act; 12] = [
    new("新春开门红", "恭喜发财，大吉大利", "新春开门红，红包 24 小时内有效"),
    new("元宵猜灯谜", "元宵节快乐，团团圆圆", "猜灯谜活动奖励"),
    new("春季焕新", "春暖花开，万事顺意", "春季焕新节返现"),
    new("踏青打卡", "春光正好", "踏青打卡活动奖励"),
    new("五一劳动节", "劳动最光荣，节日快乐", "五一值班补贴"),
    new("年中大促", "年中大促，好礼不断", "618 订单返现"),
    new("清凉一夏", "清凉一夏，注意防暑", "高温补贴"),
    new("七夕会员礼", "七夕快乐", "七夕会员礼"),
    new("开学季", "新学期，新气象", "开学季活动奖励"),
    new("国庆中秋双节", "月圆人团圆，家国共此时", "双节福利"),
    new("双十一返场", "返场好礼，送完为止", "双十一返场订单返现"),
    new("年终答谢", "感恩有你，来年再会", "年终客户答谢"),
];

fn act_of_month(sent_at: Timestamp) -> Act {
    let month = hongbao_ledger::total::day_of(sent_at).month();
    SEASONS[usize::try_from(month - 1).unwrap_or_default() % SEASONS.len()]
}

/// The activity of a merchant's packet; now and then that of the month.
pub fn act(merchant: usize, sent_at: Timestamp, is_seasonal: bool) -> Act {
    if is_seasonal { act_of_month(sent_at) } else { STANDING[merchant % STANDING.len()] }
}
