# `records`、`history`、`attention`。
records-unknown-status = 本版本不认识状态 `{ $status }`；认识的有：{ $known }
records-attention = （需要人工处理）
history-none = 账本不认识 `{ $billno }`；这不说明红包的任何情况
history-none-hint = 请检查单号和商户配置；`hongbao query` 会查询并记下它
records-no-gateway = `{ $dir }` 不是网关的数据目录：里面没有查询记录
records-no-gateway-hint = 请给出 `hongbao serve --upstream` 的数据目录，或用 `--profile` 给出商户配置文件
records-merchant-needed = 目录里的商户不止一个或没有：请用 `--merchant` 指明
attention-dismissed = { $billno } 不再需要人工处理，也不再查询，直到 `hongbao follow` 指名跟踪
attention-none = 没有红包需要人工处理
attention-overdue = 其中 { $count } 个早该查询：`hongbao follow` 会查询它们，也许就能得出结果
attention-since = 自 { $at } 起
about-attention-unknown_too_long = 未知或得不到答复的时间超过了商户配置的 `unknown_max`
    .do = 看 `hongbao history 单号`：改好被拒绝的原因，或咨询微信支付客服；单号不变，期间仍会继续查询
about-attention-contradiction = 两个验过签名的回包互相矛盾，如 RECEIVED 与 FAILED
    .do = 带上 `hongbao history 单号 --raw` 中的两个回包咨询微信支付客服；得到答复前绝不再付
about-attention-window_closed = 微信支付已不再答复它，而它一直没有到最终状态
    .do = 请在商户平台查找；单号不变
