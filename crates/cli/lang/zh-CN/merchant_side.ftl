# 商户配置的商户一侧：账本，以及拒绝发送的情形。
side-expires-soon = 客户端证书将在 { $days } 天后过期：请从商户平台下载新证书
side-no-ledger = 没有账本 `{ $file }`：这个商户配置还没有查询或发放过
side-no-ledger-hint = `hongbao query`、`send`、`follow` 会创建它；如果运行过，请检查商户配置中的 `ledger`
side-ledger-made = 账本 `{ $file }` 是新建的：它不知道以前发放过什么
side-ledger-gone = 账本 `{ $file }` 不见了，而它的密钥文件 `{ $key }` 还在；没有查询，也没有发放
side-ledger-gone-hint = 请挂载它所在的磁盘、改正 `ledger`，或从备份恢复：新账本会把付过的再付一次；只有确定从未用它发放过，才可删除 `{ $key }`
side-over-pace = 按该商户的调用速率，限定时间内轮不到；什么都没有发送
side-over-pace-hint = 稍后用同一个单号再试
side-other-parameters = `{ $billno }` 发放过，当时的 `{ $field }` 不同；这次没有发送
side-other-parameters-hint = 单号属于第一次的那笔付款：重复时请用当时的参数；新的付款请用它自己的单号和业务编号
side-ref-open = `{ $business_ref }` 已有单号 `{ $billno }`，它还没有确定失败；这次没有发送
side-ref-open-hint = 换新单号可能重复付款：不写 `--billno` 即以 `{ $billno }` 重发，或运行 `hongbao follow { $billno }` 直到最终状态
side-other-ref = `{ $billno }` 是在另一个业务编号下发放的；这次没有发送
side-other-ref-hint = 请给出当时的业务编号，或给这笔付款一个新的单号
side-elsewhere = 账本认识 `{ $billno }`，但它不是从这个账本发放的：见过它的红包，或者一天多以前就已记下；这次没有发送
side-elsewhere-hint = 它的红包可能已经付过，过了 30 天查询也会得到 NOT_FOUND：请在商户平台查找；确定从未付过的，才用自己的新单号
