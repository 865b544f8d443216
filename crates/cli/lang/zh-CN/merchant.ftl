# `merchant`。
merchant-added = 已添加商户 { $mch_id }；运行中的服务会在一秒内生效
merchant-added-hint = 商户配置文件是 `{ $profile }`
merchant-set = 已修改商户 { $mch_id }；运行中的服务会在一秒内生效
merchant-set-nothing = 没有要设置的内容：除 `--json` 外至少给出一个选项
merchant-limits-crossed = 红包最低金额 { $min } 元会高于最高金额 { $max } 元
merchant-limits-crossed-hint = 请同时给出 `--packet-min` 和 `--packet-max`；未作任何改动
merchant-revoked = 商户 { $mch_id } 的证书 { $serial } 从现在起被拒绝；运行中的服务会在一秒内生效
merchant-reissued = 商户 { $mch_id } 的新证书和私钥在 `{ $folder }`
merchant-none = 该目录中没有商户 { $mch_id }
merchant-none-hint = `hongbao merchant list` 列出已有的商户
merchant-exists-hint = 请换一个商户号；`hongbao merchant list` 列出已有的商户
merchant-line = { $mch_id }  { $name }  余额 { $yuan } 元  已吊销 { $revoked } 张证书
merchant-nothing = 无
