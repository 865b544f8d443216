# 沙箱故障：各自做什么。
fault-reply-lost = 钱已付出，回包丢失
fault-delay = 回包迟到
fault-http-400 = HTTP 400 和一页 HTML，如同客户端证书有误
fault-http-502 = HTTP 502 和一页 HTML
fault-empty-body = HTTP 200，包体为空
fault-truncated-xml = XML 中途截断
fault-unknown-error-code = 错误码表中没有的 `err_code`
fault-new-field = 文档中没有的字段
fault-other-order = 字段顺序不同
fault-unsigned = 成功的回包没有签名
fault-wrongly-signed = 签名不成立
fault-unknown-status = 状态表中没有的状态
fault-systemerror = SYSTEMERROR：结果未知
fault-freq-limit = FREQ_LIMIT：请求过于频繁
fault-not-found-first = 发放后的前几次查询返回 NOT_FOUND
fault-reset-before = 请求处理之前连接被重置
fault-reset-after = 请求处理之后连接被重置
