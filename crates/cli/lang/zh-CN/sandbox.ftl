# `sandbox` 与管理端口的客户端。
admin-url = `{ $url }` 不是管理端口的网址
admin-url-hint = 请给出 `ready` 行的第二个网址，例如 `http://127.0.0.1:8080`
admin-refused = 服务拒绝了：{ $about }（{ $why }）
admin-not-ours = { $url } 上答复的不是 hongbao 服务
admin-unreachable = { $url } 上没有服务答复：{ $why }
admin-unreachable-hint = 请用 `hongbao serve` 启动，或用 `--dir` 给出它的数据目录、用 `--admin` 给出它的管理网址
sandbox-now = { $mode }，{ $now }
sandbox-advanced = 现在是 { $now }；{ $moved } 个红包发生了变化
sandbox-packet = { $billno }  { $status }
sandbox-packet-reason = { $billno }  { $status }  { $reason }
sandbox-balance = 商户 { $mch_id } 余额 { $yuan } 元
sandbox-fault-set = 已设置：{ $fault }
sandbox-no-faults = 没有设置故障
sandbox-faults-cleared = 已清除 { $count } 个故障
sandbox-no-findings = 没有发现：没有人对不明结果换单重付
sandbox-finding = { $at }  商户 { $mch_id }：{ $first } 结果不明（{ $told }），{ $second } 又付给同一个人 { $yuan } 元
sandbox-bad-delay = `{ $text }` 不是时长
sandbox-bad-delay-hint = 请写成 `500ms` 或 `5s` 这样
run-none = `{ $dir }` 中没有运行中的服务
run-none-hint = 请用 `hongbao serve --dir { $dir }` 启动，或用 `--admin` 给出运行中服务的管理网址
admin-hint-NO_PACKET = 请核对单号，并用 `--mch-id` 指定商户；发放被受理后才有红包
admin-hint-NO_MERCHANT = `hongbao merchant list` 列出已有的商户
admin-hint-NO_FAULT = `hongbao sandbox fault list` 列出已设置的故障
admin-hint-TRANSITION_REFUSED = 请先用 `hongbao query` 查看红包的状态
admin-hint-SANDBOX_OFF = 请在 `hongbao.toml` 中设 `mode = "sandbox"` 并重启服务
admin-hint-BAD_ADVANCE = 只能向前推进，例如 `24h` 或 `31d`
admin-hint-BAD_REQUEST = 时长请写成 `90s`、`24h` 或 `31d`
