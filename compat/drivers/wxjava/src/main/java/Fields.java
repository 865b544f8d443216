import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackQueryResult;
import com.github.binarywang.wxpay.bean.entpay.EntPayRedpackResult;
import com.github.binarywang.wxpay.bean.result.BaseWxPayResult;
import java.util.LinkedHashMap;
import java.util.Map;

/** What the getters of a result give, under the names of the wire. */
final class Fields {
  private Fields() {}

  static Map<String, Object> of(EntPayRedpackQueryResult result) {
    Map<String, Object> fields = envelope(result);
    fields.put("mch_billno", result.getMchBillNo());
    fields.put("detail_id", result.getDetailId());
    fields.put("status", result.getStatus());
    fields.put("send_type", result.getSendType());
    fields.put("total_amount", result.getTotalAmount());
    fields.put("reason", result.getReason());
    fields.put("send_time", result.getSendTime());
    fields.put("refund_time", result.getRefundTime());
    fields.put("refund_amount", result.getRefundAmount());
    fields.put("wishing", result.getWishing());
    fields.put("remark", result.getRemark());
    fields.put("act_name", result.getActName());
    fields.put("openid", result.getOpenid());
    fields.put("amount", result.getAmount());
    fields.put("rcv_time", result.getRcvTime());
    fields.put("sender_name", result.getSenderName());
    fields.put("sender_header_media_id", result.getSenderHeaderMediaId());
    return fields;
  }

  static Map<String, Object> of(EntPayRedpackResult result) {
    Map<String, Object> fields = envelope(result);
    fields.put("mch_billno", result.getMchBillNo());
    fields.put("mch_id", result.getMchId());
    fields.put("wxappid", result.getWxAppId());
    fields.put("re_openid", result.getReOpenid());
    fields.put("total_amount", result.getTotalAmount());
    fields.put("send_listid", result.getSendListId());
    fields.put("sender_name", result.getSenderName());
    fields.put("sender_header_media_id", result.getSenderHeaderMediaId());
    return fields;
  }

  private static Map<String, Object> envelope(BaseWxPayResult result) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("return_code", result.getReturnCode());
    fields.put("return_msg", result.getReturnMsg());
    fields.put("result_code", result.getResultCode());
    fields.put("err_code", result.getErrCode());
    fields.put("mch_id", result.getMchId());
    fields.put("sign", result.getSign());
    return fields;
  }
}
