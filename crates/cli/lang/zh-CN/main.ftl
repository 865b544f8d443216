# 框架：退出码、命令行自身的错误、每个命令都可能遇到的问题。
help-exit-codes =
    退出码：
      0  完成；查询时表示已取得记录，且红包没有失败
      3  确定失败：只有它允许换新单号
      6  未知，或需要人工处理：单号不得更换
      4  证书、签名或权限问题：修正配置，单号不得更换
      7  没有得到答复：放慢后再查，单号不得更换
      2  用法错误；发放时表示被拒绝，没有发送
      9  配置错误
      1  程序缺陷
      130  被信号中止；重新运行会继续
    一次查多个单号时：全部失败才返回 3；全部有答复且无一失败才返回 0；
    其余取 4、7、6 中最严重的一个。
main-output-lost = 输出无法写入：{ $error }
main-output-lost-hint = 丢失的只是输出；腾出空间后用同一单号重新运行
main-no-runtime = 系统没有分配到工作线程：{ $error }
main-no-runtime-hint = 请提高进程数上限 `ulimit -u`
main-bug = 这是 hongbao { $version } 的缺陷：{ $what }，位于 { $place }
main-bug-hint = 请附上这一行报告缺陷；正在使用的单号不得更换，没有任何信息表明它已失败
usage-unknown-argument = 没有参数 { $argument }
usage-unknown-command = 没有命令 { $command }
usage-missing-argument = 缺少 { $argument }
usage-conflict = { $argument } 不能与 { $other } 同时使用
usage-missing-value = { $argument } 需要一个值
usage-invalid-value = { $argument } 不能是 { $value }；可选 { $valid }
usage-bad-value = { $argument } 不能是 { $value }：{ $why }
usage-not-utf8 = 有参数不是 UTF-8
usage-other = 无法理解这条命令
usage-hint-meant = 是想用 { $meant } 吗？
usage-hint-help = 在命令后加 `--help` 查看用法
args-bad-billno = 单号由 1 到 28 个 `0-9 a-z A-Z` 字符组成
args-bad-mch-id = 商户号由 1 到 32 个 `0-9 a-z A-Z` 字符组成
args-bad-yuan = 金额以元为单位，大于零，最多两位小数，如 `1.00`
args-bad-scene = 场景为 `PRODUCT_1` 到 `PRODUCT_8` 之一
args-bad-text = 长度须为 1 到 { $chars_max } 个字符
args-bad-duration = 须为时长，如 `90s`、`20m`、`24h`、`30d`
args-bad-time = 须为日期，如 `2026-01-31`，或时间，如 `2026-01-31T09:30:00+08:00`
args-until-done = 再也没有要查的：全部到最终状态，或需要人工处理
args-until-idle = 眼下没有要查的：适合定时运行
args-until-stopped = 只因信号结束：适合作为服务运行
args-bad-serial = 序列号为十六进制，最长 20 字节，即 `openssl x509 -serial` 所打印的
args-bad-network = 须为地址（如 `127.0.0.1`）或网段（如 `10.0.0.0/8`）
args-bad-probability = 概率是 0 到 1 之间的数
args-on-send = 发放
args-on-query = 查询
args-on-both = 发放和查询
args-policy-require = 未知：成功的回包必须有签名
args-policy-verify-if-present = 接受；有签名时才验签
man-written = 已将 { $count } 个手册页写入 `{ $dir }`
