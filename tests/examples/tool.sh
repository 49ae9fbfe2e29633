#!/bin/sh
# SPDX-License-Identifier: MIT
# tool.sh PRETEXT OPEN_PAGES: the command-line tool from end to end on a handful of pictures, what it says to wrong input,
# and its pages in a browser.
set -eu
tool=$1
open_pages=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() { echo "tool: $*" >&2; exit 1; }

# refused TEXT ARGUMENTS...: the call must end with an error that holds the text.
refused() {
  text=$1
  shift
  if "$tool" "$@" > out.txt 2>&1; then fail "accepted: $*"; fi
  grep -qF -- "$text" out.txt || fail "'$*' should say '$text', but says: $(cat out.txt)"
}

# says TEXT ARGUMENTS...: the call must succeed and print the text.
says() {
  text=$1
  shift
  "$tool" "$@" > out.txt 2>&1 || fail "failed: $*: $(cat out.txt)"
  grep -qF -- "$text" out.txt || fail "'$*' should say '$text', but says: $(cat out.txt)"
}

holds() { grep -qF -- "$2" "$1" || fail "$1 does not hold '$2'"; }

small="--data shapes:32:60 --width 8 --batch 15 --cache cache"

# Wrong words.
refused "no verb 'pretrian'" pretrian
refused "Did you mean '--width'?" pretrain --widht 8
refused "there is no task 'rotatoin'. Did you mean 'rotation'?" pretrain rotatoin $small --out wrong
refused "at least 63 x 63 pixels, not [1, 32, 32, 3]" pretrain --model alexnet --width 8 --dry-run
refused "--permutations are those of jigsaw; rotation has none" pretrain $small --permutations 24 --out wrong
refused "there is no schedule 'cosin'. Did you mean 'cosine'?" pretrain $small --schedule cosin --out wrong
refused "There are: cosine, rotnet, rotnet_conv, rotnet_mlp, constant" pretrain --data nothing-here --schedule linear --out wrong
refused "there is no model 'nin9'. Did you mean 'nin3'?" pretrain $small --model nin9 --out wrong
refused "cannot be read" pretrain --config missing.toml
printf 'epochs = 7\nlr = 0.05\n' > good.toml
printf 'widht = 8\n' > wrong.toml
refused "wrong.toml:1: there is no setting 'widht'. Did you mean 'width'?" pretrain --config wrong.toml
printf 'width = "8"\n' > wrong.toml
refused "wrong.toml:1: 'width' must be a whole number" pretrain --config wrong.toml
printf '[training]\nwidth = 8\n' > wrong.toml
refused "wrong.toml:1: settings are not in sections" pretrain --config wrong.toml
refused "Did you mean 'rotation'?" pretrain rotatoin --dry-run
refused "--epochs must be a whole number, not 'two'" pretrain --epochs two
refused "pretext: --lr must be a number, not 'high'" pretrain --lr high
refused "that 64 bits can hold, not '99999999999999999999'" pretrain --epochs 99999999999999999999
refused "--epochs must be at least 1, not 0" pretrain --data nothing-here --epochs 0 --out wrong
refused "--limit must be at least 0, not -1" pretrain --data nothing-here --limit -1 --out wrong
refused "below the 2 epochs of training, not 2" pretrain --data nothing-here --epochs 2 --warmup 2 --out wrong
printf 'lr = inf\n' > wrong.toml
refused "--lr must be 0 or more and finite" pretrain --config wrong.toml --dry-run
refused "--batch must be at least 1, not 0" pretrain --data nothing-here --batch 0 --out wrong
refused "Did you mean '--run runs/mine'?" probe runs/mine
refused "do not fill one batch of 200; give a smaller --batch" pretrain $small --batch 200 --out wrong
refused "--validation, which holds 48 out" pretrain $small --validation 0.8 --out wrong
refused "--validation 0.001 of 60 pictures holds none out" pretrain $small --validation 0.001 --out wrong
says "--mirror,--no-mirror=on" pretrain --help
says "--force,--no-force=off" pretrain --help
refused "--padding must be" pretrain --padding 999 --dry-run
says "lr = 0.05" pretrain --config good.toml --dry-run
refused "nothing-here" pretrain --data nothing-here --out wrong
[ ! -e wrong ] || fail "a refused call left a run folder"

# Pictures that cannot be read, and folders that are no run.
mkdir -p pictures
"$tool" view rotation --data shapes:32:60 --pictures 1 --out pictures/good.png 2> /dev/null > out.txt
holds out.txt "1 picture, asked: which way up"
echo broken > pictures/bad.png
refused "1 of 2 pictures could not be read" pretrain --data pictures --out wrong
refused "--max-bad" pretrain --data pictures --out wrong
says "pictures: 1 train picture, 1 skipped" view rotation --data pictures --max-bad 0.5 --pictures 1 --out new/folder/view.png
refused "--pictures must be at most the 1" view rotation --data pictures --max-bad 0.5 --pictures 2
refused "must name a .png" view rotation --data shapes:32:60 --out view.jpg
refused "--epoch must be at least 0" view rotation --data shapes:32:60 --epoch -1
refused "cannot be made" view rotation --data shapes:32:60 --out pictures/good.png/view.png
for out in pictures .; do
  refused "must not be or hold the pictures" pretrain --data pictures --max-bad 0.5 --batch 1 --out $out --force
done
refused "--force replaces only a run" pretrain $small --out pictures --force
if grep -q "60 train" out.txt; then fail "pictures are opened before the run folder is looked at"; fi
[ -s pictures/good.png ] && [ -s pictures/bad.png ] || fail "--force deleted pictures"

# A run, from a config file that a flag outranks.
says "saved in run" pretrain $small --config good.toml --epochs 2 --out run
holds run/config.toml "epochs = 2"
holds run/config.toml "lr = 0.05"
for file in config.toml metrics.jsonl metrics.csv ckpt/last.safetensors; do [ -s "run/$file" ] || fail "run/$file is missing"; done
before=$(cksum < run/ckpt/last.safetensors)
refused "--force" pretrain $small --config good.toml --epochs 2 --out run
[ "$before" = "$(cksum < run/ckpt/last.safetensors)" ] || fail "a refused call changed the run"
says "saved in run" pretrain --out run --resume
refused "lr: then 0.05, now 0.5" pretrain --out run --resume --lr 0.5
refused "pictures: other ones than the run began with" pretrain --out run --resume --data shapes:32:61
[ "$before" = "$(cksum < run/ckpt/last.safetensors)" ] || fail "a resumed run that was finished changed"
says "saved in again" pretrain $small --config good.toml --epochs 2 --recompute --out again
cmp -s run/metrics.csv again/metrics.csv || fail "--recompute changed the metrics"
says "saved in watched" pretrain $small --epochs 2 --online-probes --out watched
holds watched/online_probes.jsonl '{"epoch":2,"tap":"block1","linear":'
holds watched/config.toml "online-probes = true"
says "saved in unwatched" pretrain $small --epochs 2 --out unwatched
cmp -s watched/metrics.csv unwatched/metrics.csv || fail "online probes change the training"
says "watched/report.html" report --run watched --pictures 1
holds watched/report.html "What the features were worth on the way"
says "held out: loss" pretrain $small --epochs 1 --validation 0.4 --test --out held --tensorboard
for tag in validation/accuracy filters inputs block1.conv1.weight; do
  grep -qa -- "$tag" held/events/events.out.tfevents.* || fail "no $tag in the event file"
done
holds held/metrics.csv "epoch,1,"
holds held/test.json '"count":60,'
holds held/log "on 15 test pictures loss"
holds held/log "do not fill a batch of 15 pictures: 6"
refused "--force starts anew and --resume continues" pretrain $small --out run --force --resume

# What it learnt.
says "linear probe" probe --run run --baselines
holds run/probe.json '"network":"raw pixels"'
says "run/report.html" report --run run --pictures 2
for part in "How training went" "What the network sees" "raw pixels" "weight-decay"; do holds run/report.html "$part"; done
if grep -qE 'src="http|href="http' run/report.html; then fail "the page refers to another host"; fi
refused "is not a run folder" report --run wrong
says "40 train pictures of 60" probe --run run --no-baselines --limit 40 --taps block1 --out limited.json
refused "--k must be at most 60, the number of training pictures, not 200" knn --run run --k 200
says "k 60" knn --run run --no-baselines
says "kNN" knn --run run --k 5
sed 's/^data = .*/data = "gone"/' run/config.toml > moved.toml && mkdir moved && cp moved.toml moved/config.toml
refused "the name is relative to the folder that the run was made from; --data names them anew" probe --run moved
holds run/knn.json '"protocol":"kNN (cosine)"'
refused "there is no tap 'block9'" probe --run run --taps block9
says "goyal_svm: pool average, budget 9216, loss squared hinge" probe --run run --protocol goyal_svm --taps block1 --no-baselines
holds run/probe-goyal_svm.json '"protocol":"SVM a class, goyal_svm"'
says "linear probe (sgd), goyal changed, block1" probe --run run --protocol goyal --taps block1 --no-baselines --budget 64
refused "there is no protocol 'goyl'. Did you mean 'goyal'?" probe --run run --protocol goyl
refused "--l2 is that of a linear probe, which npid has not" probe --run run --protocol npid --l2 0.1
says "times 0.2 at 5, 15, 25" info rotnet
says "protocols  zhang rotnet" info

# With few labels, and all of the network trained on them.
says "95 % interval of 3 draws" lowshot --run run --labels 2,3 --draws 3 --taps block1 --budget 64 --l2 0.01 --supervised-epochs 1 --supervised-batch 15 --store store
holds run/lowshot.json '"protocol":"linear probe (lbfgs), 3 labels a class"'
holds run/lowshot.json '"protocol":"training, 2 labels a class"'
holds run/lowshot.json '"runs":3,'
[ "$(ls store | wc -l)" = 4 ] || fail "the store should hold features of two networks for each part: $(ls store)"
refused "--label-order file allows --draws 1 alone, not 5" lowshot --run run --label-order file
refused "fewer than 20" lowshot --run run
refused "--labels must be whole numbers with commas between them, not 'few'" lowshot --run run --labels few
says "every number with its protocol" finetune --run run --labels 0,3 --epochs 1 --batch 15 --keep kept
holds run/finetune.json '"network":"fine-tuned","tap":"head"'
says "conv classifier, 3 labels a class, block2" finetune --run run --labels 3 --epochs 1 --batch 15 --frozen-at block2 --head conv --out conv.json
holds conv.json '"network":"frozen","tap":"block2"'
says "mlp classifier, all labels, block1" finetune --run run --epochs 1 --batch 15 --frozen-at block1 --head mlp --keep heads --no-baselines --out mlp.json
says "linear probe (lbfgs), fc2" probe --run heads/finetuned-0-0 --taps fc2 --budget 64 --l2 0.01
refused "no tap is named 'block9'; there are block1" finetune --run run --frozen-at block9
refused "--head mlp needs --frozen-at" finetune --run run --head mlp
holds run/finetune.json '"protocol":"training, all labels"'
holds kept/finetuned-3-0/config.toml 'init = "run"'
says "linear probe" probe --run kept/finetuned-3-0 --no-baselines --taps block1 --budget 64 --l2 0.01
says "saved in same" pretrain --config kept/finetuned-3-0/config.toml supervised --out same
cmp -s same/metrics.csv kept/finetuned-3-0/metrics.csv || fail "the config of a fine-tuned run does not make it again"
refused "has a network nin3 of width 8 for 3 channels; expected" pretrain supervised $small --width 16 --init run --out wrong
refused "--labels are for supervised training" pretrain $small --labels 3 --out wrong

# Features for other programs.
says "features.npy: [15, 32], average to 2 x 2 of 8 x 8 x 8" features --run run --tap block2 --budget 64 --part test --out new/features.npy
for file in features.npy features.labels.npy features.json; do [ -s "new/$file" ] || fail "new/$file is missing"; done
[ "$(head -c 6 new/features.npy | tail -c 5)" = NUMPY ] || fail "features.npy is not what NumPy reads"
[ "$(wc -c < new/features.npy)" = $((128 + 15 * 32 * 4)) ] || fail "features.npy has another size than 15 rows of 32 floats"
holds new/features.json '"tap":"block2"'
refused "--out must name a .npy file" features --run run --out features.txt
refused "there is no tap 'block9'" features --run run --tap block9
refused "is not a run folder" probe --run wrong

# What it is shown, and what there is.
png() { [ "$(head -c 4 "$1" | tail -c 3)" = PNG ] || fail "$1 is no PNG"; }
says "which way up" view rotation --data shapes:32:60 --out view.png
png view.png
says "4  inputs drawn of each picture, in the same batch" info rotation --variants paper
says "* crop " info rotation
says "  crop " info rotation --variants released,revisited
says "block4" info nin4
says "nin5" info
says "tasks      rotation jigsaw" info
says "cuda       built with" info
says "resnet50: 23508032 parameters without a classifier, 4087." info resnet50
says "a training step of 8 inputs: " info nin3 --width 8 --batch 8
refused "--batch is that of a model's training step" info rotation --batch 8
refused "nin6" info nin6
refused "--width is that of a model" info rotation --width 48
refused "--variants are those of a task" info nin3 --variants paper
refused "--size: the variant 'released' of rotation has its own; leave it out" pretrain rotation --variant released --size 96 --dry-run
refused "--padding: the variant 'paper' of rotation has its own" pretrain rotation --variant paper --padding 8 --dry-run
says "size = 224" pretrain rotation --variant released --dry-run

# Where networks look.
says "saved in teacher" pretrain supervised $small --epochs 1 --out teacher
says "of 12 pictures: maps.png" attention --run run --against teacher --images 12 --shown 2 --out looks
png looks/maps.png
png looks/turns.png
holds looks/scores.csv "random,block1,16 x 16,top overlap,supervised,12,"
holds looks/attention.json '"measure":"equivariance error by chance"'
holds looks/attention.json '"weights":{"rotation":{"run":"run"'
says "attention.json in run/attention" attention --run run --images 1 --taps block2 --no-random
if grep -qF supervised run/attention/scores.csv; then fail "there was nothing to agree with"; fi
refused "there is no tap 'block9'" attention --run run --taps block9
refused "--power must be above 0, not 0" attention --run run --power 0
refused "is not a run folder" attention --run run --against wrong

# Every other task: its constants, its training, its features, and its picture with answers.
for task in jigsaw relative_location exemplar exemplar_triplet colorization contrastive; do
  few="--data shapes:48:40 --size 48 --cache cache"
  [ $task != jigsaw ] || few="$few --permutations 7"
  says "fitted" info $task
  says "$task: " pretrain $task $few --width 8 --batch 10 --epochs 1 --test --out $task
  holds $task/test.json '"task":"'$task'"'
  says "linear probe" probe --run $task --no-baselines --budget 64 --l2 0.01
  says "asked: " view $task --run $task --pictures 3 --out $task.png
  png $task.png
  says "$task/report.html" report --run $task --pictures 2
done
says "* tile " info jigsaw --variants fitted,paper
says "  tile   " info jigsaw --variants paper,released
refused "there is no part 'tset'" pretrain --part tset --dry-run
refused "unlabeled" pretrain $few --part unlabeled --out wrong
refused "--permutations must be 2 to 10000" pretrain jigsaw --permutations 1 --out wrong
holds jigsaw/config.toml "permutations = 7"
refused "there is no jigsaw variant 'papr'. Did you mean 'paper'?" pretrain jigsaw --variant papr --out wrong
refused "--validation holds out pictures" pretrain exemplar $few --validation 0.5 --batch 10 --out wrong
refused "jigsaw: is a run of jigsaw, not of rotation" view rotation --run jigsaw
refused "--variant is that of the run" view jigsaw --run jigsaw --variant paper
refused "gone" view jigsaw --run jigsaw --data gone
refused "fill one batch" pretrain exemplar $few --batch 50 --out wrong

# What solves a task without seeing.
drawn="--data shapes:48:80 --cache cache --answers 400"
some="$drawn --size 48"
for task in rotation jigsaw relative_location; do says "tile statistics" audit $task $some; done
says "SHORTCUT" audit jigsaw $some --plant no-gap --out audit.json
holds audit.json 'plant = \"no-gap\"'
holds audit.json '"shortcut":"border continuity"'
holds audit.json '"found":true'
says "place by fringes" audit relative_location $drawn --variant revisited --colors dropping --plant aberration
says "sharpness" audit rotation $some --plant free-angle
refused "there is none of colorization; there are of rotation, jigsaw, relative_location" audit colorization $some
refused "There are: none, aberration, free-angle" audit rotation $some --plant no-gap
refused "there is no treatment of colours 'gray'. Did you mean 'grey'?" audit jigsaw $some --colors gray
refused "rotation leaves colours as they are" audit rotation $some --colors grey
refused "--answers must be at least 100" audit rotation --answers 1

# Runs side by side.
says "compare.html" compare --runs run,jigsaw,held
holds compare.html "Runs compared"
holds compare.html "not measured"
grep -qiE "(src|href)=.?https?:" compare.html && fail "the page that compares refers to another host"
refused "two run folders or more" compare --runs run
refused "gone: is not a run folder" compare --runs run,gone

# For other programs, and from them. (run is a rotation by nin3 of width 8; the names of files say how they are written.)
says "tensors in out/weights.safetensors" export --run run --to out/weights.safetensors
grep -qF "num_batches_tracked" out/weights.safetensors || fail "a batch norm has no counter"
grep -qF '"head.weight"' out/weights.safetensors || fail "the head is missing"
says "tensors in out/bare.safetensors" export --run run --to out/bare.safetensors --no-head
if grep -qF '"head.weight"' out/bare.safetensors; then fail "--no-head wrote a head"; fi
says "logits of [batch, 3, 32, 32] in out/run.onnx" export --run run --to out/run.onnx --taps
for text in logits block1 BatchNormalization Gemm "rotation"; do grep -qaF "$text" out/run.onnx || fail "no $text in out/run.onnx"; done
says "features of [batch, 3, 48, 48]" export --run run --to out/features.onnx --no-head --size 48
for task in exemplar colorization; do says "logits of [batch" export --run $task --to out/$task.onnx; done
for task in jigsaw relative_location contrastive exemplar_triplet; do
  says "the features alone are written" export --run $task --to out/$task.onnx
done
refused "--to must end with .safetensors or .onnx, not 'out/run.pth'; safetensors.torch.load_file" export --run run --to out/run.pth
refused "torchvision has no network with the names of 'nin3'; it has alexnet" export --run run --to x.safetensors --names torchvision
refused "there is no kind of names 'torchvison'. Did you mean 'torchvision'?" export --run run --to x.safetensors --names torchvison
refused "an ONNX model is whole without names" export --run run --to x.onnx --names torchvision
refused "is not a run folder" export --run wrong --to x.onnx
refused "cannot be" export --run run --to out/run.onnx/x.onnx
[ ! -e x.safetensors ] && [ ! -e x.onnx ] || fail "a refused export left a file"
says "saved in tuned" pretrain supervised $small --epochs 1 --lr 0 --init out/weights.safetensors --out tuned
holds tuned/config.toml 'init = "out/weights.safetensors"'
rm out/weights.safetensors
says "saved in tuned" pretrain --out tuned --resume
refused "weights of out/weights.safetensors: " pretrain supervised $small --init out/weights.safetensors --out wrong
refused "the state does not fit:" pretrain supervised $small --width 16 --init out/bare.safetensors --out wrong
refused "tensors begins with 'encoder.'; the first is 'block1.conv1.weight'" pretrain supervised $small --init out/bare.safetensors \
  --init-prefix encoder. --out wrong
printf 'PK\003\004 no archive' > out/broken.pth
refused "out/broken.pth: not a .pth file that can be read" pretrain supervised $small --init out/broken.pth --out wrong
[ ! -e wrong ] || fail "weights that do not fit left a run folder"
says "linear probe" probe --weights out/bare.safetensors --model nin3 --width 8 --size 32 --data shapes:32:60 --cache cache --out out/probe.json --no-baselines
holds out/probe.json '"network":"nin3"'
holds out/probe.json '"run":"out/bare.safetensors"'
refused "is neither a safetensors nor a .pth file by its first bytes" probe --weights run/config.toml --model nin3 --data shapes:32:60 \
  --out out/wrong.json
refused "--weights needs the --model that they are of" probe --weights out/bare.safetensors
bare="--weights out/bare.safetensors --model nin3 --width 8 --size 32 --cache cache"
refused "--weights needs --data" probe --weights out/bare.safetensors --model nin3
refused "--run and --weights name two networks" knn $bare --data shapes:32:60 --out out/knn.json --run run
refused "--width is said of --weights; a run has its own" probe --run run --width 16
refused "--colors-of is said of --weights" features --run run --colors-of rotation --out out/bare.npy
refused "--weights needs --out FILE.json" finetune $bare --data shapes:32:60
refused "there is no task 'jigsw'" knn $bare --data shapes:32:60 --out out/knn.json --colors-of jigsw
says "every number with its protocol" finetune $bare --data shapes:32:60 --out out/tuned.json --frozen-at block2 --head conv \
  --labels 2 --epochs 1 --batch 15
holds out/tuned.json '"network":"frozen"'
says "every number with its protocol" lowshot $bare --data shapes:32:60 --out out/lowshot.json --labels 2 --draws 1 --taps block2
holds out/lowshot.json '"network":"nin3"'
says "out/bare.npy: [60, " features $bare --data shapes:32:60 --out out/bare.npy

# A dry run says what would be done, and writes nothing.
for verb in probe knn lowshot finetune; do
  says "nothing was measured or written" $verb $bare --data shapes:32:60 --out dry/out.json --dry-run
  holds out.txt "write dry/out.json"
done
says "would measure run by features and write dry/out.npy" features --run run --out dry/out.npy --dry-run
says "would look at rotation, random and write to dry" attention --run run --out dry --dry-run
refused "there is no tap 'blok1'" attention --run run --taps blok1 --out dry --dry-run
says "would explain run on dry/report.html" report --run run --out dry/report.html --dry-run
says "would compare run, jigsaw on dry/compare.html" compare --runs run,jigsaw --out dry/compare.html --dry-run
[ ! -e dry ] || fail "a dry run made a folder"

# A study: cells in processes of their own, the broken ones listed, the finished ones kept.
grid="--tasks rotation,jigsaw --models nin3 --widths 8 --seeds 0,1 --at-once 2 --out study"
flags="--data shapes:48:60 --size 48 --batch 15 --epochs 1 --cache cache"
says "4 cells; nothing was trained or written" study $grid --train "$flags" --dry-run
[ ! -e study ] || fail "a dry run made a folder"
refused "there is no task 'jigsw'. Did you mean 'jigsaw'?" study --tasks rotation,jigsw
refused "--widths must be whole numbers" study --widths 8,wide
refused "--widths must not be negative, but '8,-8' has -8" study --widths 8,-8
refused "--train \"--data ...\" hands it to every cell" study --data shapes:48:60
refused "names 'nin3' twice" study --models nin3,nin3
says "study/study.html" study $grid --train "$flags" --probe "--l2 0.1,0.01" --knn "--k 20"
holds out.txt "4 cells, 0 of them done before"
holds study/study.md "| Which task is best changes with the network | Kolesnikov 2019 | not asked |"
grep -qiE "(src|href)=.?https?:" study/study.html && fail "the page of a study refers to another host"
cp study/study.md before.md
rm study/runs/jigsaw-nin3-w8-n0-usual-s1/knn.json
says "4 cells, 3 of them done before" study $grid --train "$flags" --probe "--l2 0.1,0.01" --knn "--k 20"
cmp before.md study/study.md || fail "a study that went on has other numbers"
# Killed with all its cells when the first one is done, and begun again, it ends with the same table.
again="--tasks rotation,jigsaw --models nin3 --widths 8 --seeds 0,1 --at-once 2 --out killed"
setsid "$tool" study $again --train "$flags" --probe "--l2 0.1,0.01" --knn "--k 20" > killed.txt 2>&1 &
group=$!
for _ in $(seq 600); do
  ls killed/runs/*/knn.json > done.txt 2> /dev/null && break
  sleep 0.1
done
kill -s KILL -- "-$group"
{ wait $group; } 2> /dev/null || true
says "killed/study.html" study $again --train "$flags" --probe "--l2 0.1,0.01" --knn "--k 20"
grep -q "4 cells, [1-3] of them done before" out.txt || fail "a study was not killed half-way: $(cat killed.txt out.txt)"
sed 's/--out killed/--out study/' killed/study.md | cmp - before.md || fail "a study that was killed ends with another table"
refused "this cell was begun by other commands" study $grid --train "$flags --lr 0.01" --probe "--l2 0.1,0.01" --knn "--k 20"
refused "failed: jigsaw-nin3-w8-n0-usual-s0: pretext: --padding" study --tasks "rotation,jigsaw --padding 999" --widths 8 \
  --seeds 0 --out broken --train "$flags" --probe "--l2 0.1,0.01" --knn "--k 20"
holds broken/study.md "1 cell done, 1 failed"

# The demo and its page, which opens offline.
says "linear probe at the tap that validation chose" demo $small --epochs 1 --supervised-epochs 1 --seeds 2 --out demo
holds demo/results.json '"command":"pretext demo'
grep -qiE "(src|href)=.?https?:" demo/report.html && fail "the page refers to another host"
refused "--force runs it anew" demo $small --out demo
refused "do not fill one batch of 40" demo --data shapes:32:30 --width 8 --batch 10 --out wrong
refused "--supervised-epochs 0" demo $small --supervised-epochs 0 --out wrong
says "page: demo/report.html" demo $small --epochs 1 --supervised-epochs 1 --seeds 2 --out demo --resume

# Its pages in a browser, where there is one.
"$open_pages" run/report.html watched/report.html jigsaw/report.html compare.html study/study.html demo/report.html ||
  [ $? = 77 ] || fail "a page does not open as it should"
echo "tool: all calls answered as they should"
