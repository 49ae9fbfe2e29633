#!/bin/sh
# SPDX-License-Identifier: MIT
# Fetches Fashion-MNIST (31 MB) and writes the names of its classes: data_scripts/get_fashion_mnist.sh FOLDER
. "$(dirname -- "$0")/fetch.sh"
begin fashion-mnist https://fashion-mnist.s3.eu-central-1.amazonaws.com "$@"
collect
fetch train-images-idx3-ubyte.gz 3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84
fetch train-labels-idx1-ubyte.gz a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845
fetch t10k-images-idx3-ubyte.gz 346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073
fetch t10k-labels-idx1-ubyte.gz 67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5
printf '%s\n' T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag 'Ankle boot' > class_names.txt
finish
