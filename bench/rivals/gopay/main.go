// One client turn with gopay: build and sign the request, parse and verify the reply.
package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"sort"
	"time"

	"github.com/go-pay/gopay"
	"github.com/go-pay/gopay/wechat"
)

const key = "192006250b4c09247ec02edce69f6a2d"

func turn(reply []byte) {
	request := make(gopay.BodyMap)
	request.Set("nonce_str", "5K8264ILTKCH16CQ2502SI8ZNMTM67VS").
		Set("mch_billno", "10000098201707200000000001").
		Set("mch_id", "10000098").
		Set("appid", "wx8888888888888888")
	request.Set("sign", wechat.GetReleaseSign(key, wechat.SignType_MD5, request))
	body, err := xml.Marshal(request)
	if err != nil {
		panic(err)
	}
	seen := make(gopay.BodyMap)
	if err = xml.Unmarshal(reply, &seen); err != nil {
		panic(err)
	}
	holds, err := wechat.VerifySign(key, wechat.SignType_MD5, seen)
	if err != nil || !holds || len(body) < 200 {
		panic("the turn went wrong")
	}
}

func main() {
	reply, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	batches := make([]float64, 8)
	for batch := range batches {
		const calls = 5000
		started := time.Now()
		for i := 0; i < calls; i++ {
			turn(reply)
		}
		batches[batch] = float64(time.Since(started).Nanoseconds()) / 1e3 / calls
	}
	warm := batches[2:]
	sort.Float64s(warm)
	fmt.Printf("%.3f\n", warm[3])
}
