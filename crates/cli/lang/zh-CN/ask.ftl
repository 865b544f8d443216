# `query` 和 `send`。
ask-yuan = { $yuan } 元（{ $fen } 分）
ask-unreadable-time = { $text }（无法识别的时间）
ask-alert-amount = 领取金额与红包金额不同
ask-alert-err-code = 记录同时带有 `err_code` { $code }
ask-raw = 回包原文：
ask-unverified = 没有签名，按 `verify_if_present` 予以接受
ask-from-ledger = 来自账本，上次查询于 { $at }
ask-from-ledger-never = 来自账本；还没有查询过
send-billno = 单号 { $billno }：请记下；红包到最终状态之前，这笔付款只用这个单号
send-billno-needed = 商户号 { $mch_id } 太长，无法生成单号
send-billno-needed-hint = 请用 `--billno` 指定
send-stopped = 已停止：{ $billno } 可能已经发出，这笔付款仍用这个单号；请用 `hongbao query --profile FILE { $billno }` 查询
send-taken = 是否到账只有查询知道：`hongbao query --profile 配置文件 { $billno }`
client-failed = 无法建立客户端：{ $why }
client-failed-hint = 请检查配置文件中的 `base_url` 和 `ca_file`
